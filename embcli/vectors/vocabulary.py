"""The words of a model: look-up of words as they are typed; suggestions. `sorted_words.py` finds exact words."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from embcli.errors import DamagedStore, UnknownWord
from embcli.vectors.arithmetic import BytesArray, IntArray
from embcli.vectors.sorted_words import SortedWords

# Size of the cache of resolved words, for batches, whose questions share words.
REMEMBERED = 10_000
# Words that show which affixes a vocabulary has.
AFFIX_SAMPLE = 2_000


class Vocabulary(SortedWords):
    """The words of a model in row order; in most models, by descending frequency.

    words: uint8, the concatenated words in UTF-8. offsets: int64 [rows + 1], the start of each word. order: int32
    [rows], the rows sorted by the bytes of their word.
    """

    def __init__(self, words: BytesArray, offsets: IntArray, order: IntArray) -> None:
        self._words = words
        self._offsets = offsets
        self._order = order
        # Memoryviews read single elements three times as fast as numpy, but require aligned memory.
        starts, order_of_bytes = (np.require(numbers, requirements="A").data for numbers in (offsets, order))
        super().__init__(words.data, starts, order_of_bytes)
        self._resolved: dict[str, tuple[int, str]] = {}

    def __reduce__(self) -> tuple[type["Vocabulary"], tuple[BytesArray, IntArray, IntArray]]:
        """Pickle the arrays; memoryviews cannot be pickled."""
        return Vocabulary, (self._words, self._offsets, self._order)

    @classmethod
    def from_words(cls, words: Sequence[str]) -> "Vocabulary":
        """A vocabulary in memory, for small spaces and tests. Words must be distinct.

        Vocabulary.from_words(["king", "queen"]).row("queen")  # 1
        """
        encoded = [word.encode() for word in words]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(word) for word in encoded], out=offsets[1:])
        order = np.array(sorted(range(len(encoded)), key=encoded.__getitem__), np.int32)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets, order)

    def __iter__(self) -> Iterator[str]:
        return (self[row] for row in range(len(self)))

    def first(self, count: int | None) -> list[str]:
        """The words of the first `count` rows (all by default), read at once."""
        edges = self._offsets[: None if count is None else count + 1].tolist()
        try:
            text = self._words[: edges[-1]].tobytes()
            return [text[start:end].decode() for start, end in pairwise(edges)]
        except (UnicodeDecodeError, IndexError) as error:
            raise DamagedStore("a word of the vocabulary is not UTF-8") from error

    def sample(self, count: int) -> list[str]:
        """Up to `count` words that are easy to read: the first ones."""
        return self.first(count)

    def spelled_like(self, words: Iterable[str], top: int | None) -> Iterable[tuple[int, str]]:
        """Rows and words in row order, among which are those of the first `top` rows that are spelled like `words`."""
        return enumerate(self.first(top))

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.find(word) is not None

    def row(self, word: str) -> int:
        """The row of exactly this word. Raises UnknownWord with suggestions."""
        row = self.find(word)
        if row is None:
            raise UnknownWord(word, self.suggest(word))
        return row

    def resolve(self, text: str) -> tuple[int, str]:
        """The row and the word that match a typed word.

        Tried in order: the exact word; other Unicode forms and apostrophes; lower case; other cases; the phrase joined
        by `_`, `-` or a space. Raises UnknownWord with suggestions.
        """
        if text in self._resolved:
            return self._resolved[text]
        for group in spelled(text):
            found = [(row, other) for other in group if (row := self.find(other)) is not None]
            if found:
                if len(self._resolved) >= REMEMBERED:
                    self._resolved.clear()
                self._resolved[text] = min(found)
                return self._resolved[text]
        from embcli.vectors.spellings import with_spaces

        spaced, parts = with_spaces(text)
        is_expression = bool(parts) and all(self._is_known(part) for part in parts)
        raise UnknownWord(text, self.suggest(text), expression=spaced if is_expression else "")

    def suggest(self, text: str, limit: int = 5) -> list[str]:
        """Up to `limit` similar words, best first.

        First the words with an affix that the vocabulary commonly has (`/c/en/king`, `king_NOUN`); then those within
        two edits of `text` in lower case (insertion, deletion, replacement, swap of adjacent letters: the optimal
        string alignment distance), by number of edits, then by letters of `text` that they lack, then by row; then the
        words that begin with `text`.
        """
        wanted = text.lower()
        found = list(dict.fromkeys([*self._with_affixes(text), *self.similar(wanted, limit)]))
        if len(found) < limit and wanted:
            found += [word for word in self.prefix(wanted, limit) if word not in found]
        return found[:limit]

    def similar(self, word: str, limit: int) -> list[str]:
        """Up to `limit` words within two edits of a word. See `suggest` for their order."""
        from embcli.vectors.suggestions import words_spelled_like  # needed for unknown words only

        return words_spelled_like(word, self._words, self._offsets, limit)

    def _is_known(self, text: str) -> bool:
        return any(self.find(other) is not None for group in spelled(text) for other in group)

    def _with_affixes(self, text: str) -> Iterator[str]:
        from embcli.vectors.spellings import affixes

        spelled = list(dict.fromkeys([text, text.lower(), text.capitalize()]))
        for prefix, suffix in affixes(self.sample(AFFIX_SAMPLE)):
            yield from (word for one in spelled if (word := f"{prefix}{one}{suffix}") in self)


def is_utf8(word: str) -> bool:
    """Whether a word can be encoded: it contains no lone surrogate."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def spelled(text: str) -> Iterator[Sequence[str]]:
    """A word as typed, then its other spellings."""
    yield [text]
    from embcli.vectors.spellings import spellings  # most words are found as typed

    yield from spellings(text)
