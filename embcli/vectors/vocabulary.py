"""Words ↔ rows with a memory-mapped sorted index; prefix search; suggestions.

The words are concatenated UTF-8 bytes in row order. `order` lists the rows sorted by the bytes of their word. A word
is found by binary search (19 steps for 400,000 words), and no index is built when a model is opened, so the cost of
opening does not grow with the vocabulary.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

import numpy as np

from embcli.errors import DamagedStore, UnknownWord
from embcli.vectors.arithmetic import BytesArray, IntArray
from embcli.vectors.spellings import affixes, spellings, with_spaces

# Size of the cache of resolved words, for batches, whose questions share words.
REMEMBERED = 10_000
# Words that show which affixes a vocabulary has.
AFFIX_SAMPLE = 2_000


class Vocabulary(Sequence[str]):
    """The words of a model in row order; in most models, by descending frequency.

    words: uint8, the concatenated words in UTF-8. offsets: int64 [rows + 1], the start of each word. order: int32
    [rows], the rows sorted by the bytes of their word.
    """

    def __init__(self, words: BytesArray, offsets: IntArray, order: IntArray) -> None:
        self._words = words
        self._offsets = offsets
        self._order = order
        # Memoryviews read single elements three times as fast as numpy, but require aligned memory.
        self._buffer = words.data
        self._starts, self._sorted = (np.require(numbers, requirements="A").data for numbers in (offsets, order))
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

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, row):  # type: ignore[no-untyped-def]
        """The word of a row, or the list of words of a slice. Raises IndexError outside the vocabulary."""
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        if row < 0:
            row += len(self)
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} is outside the vocabulary of {len(self)} words")
        try:
            return self._bytes(row).decode()
        except UnicodeDecodeError as error:
            raise DamagedStore(f"the word of row {row} is not UTF-8") from error

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

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.find(word) is not None

    def row(self, word: str) -> int:
        """The row of exactly this word. Raises UnknownWord with suggestions."""
        row = self.find(word)
        if row is None:
            raise UnknownWord(word, self.suggest(word))
        return row

    def find(self, word: str) -> int | None:
        """The row of exactly this word, or None."""
        wanted = _encode(word)
        place = self._place(wanted)
        if place < len(self) and self._bytes(self._row_at(place)) == wanted:
            return self._row_at(place)
        return None

    def resolve(self, text: str) -> tuple[int, str]:
        """The row and the word that match a typed word.

        Tried in order: the exact word; other Unicode forms and apostrophes; lower case; other cases; the phrase joined
        by `_`, `-` or a space. Raises UnknownWord with suggestions.
        """
        if text in self._resolved:
            return self._resolved[text]
        for group in chain([[text]], spellings(text)):
            found = [(row, spelled) for spelled in group if (row := self.find(spelled)) is not None]
            if found:
                if len(self._resolved) >= REMEMBERED:
                    self._resolved.clear()
                self._resolved[text] = min(found)
                return self._resolved[text]
        spaced, parts = with_spaces(text)
        is_expression = bool(parts) and all(self._is_known(part) for part in parts)
        raise UnknownWord(text, self.suggest(text), expression=spaced if is_expression else "")

    def prefix(self, prefix: str, limit: int = 10) -> list[str]:
        """Up to `limit` words that begin with `prefix`, the most frequent first."""
        start = _encode(prefix)
        first, last = self._place(start), self._place(start + b"\xff")
        rows = np.sort(self._order[first:last])[:limit]
        return [self[int(row)] for row in rows]

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
        return any(self.find(spelled) is not None for group in chain([[text]], spellings(text)) for spelled in group)

    def _with_affixes(self, text: str) -> Iterator[str]:
        spelled = list(dict.fromkeys([text, text.lower(), text.capitalize()]))
        for prefix, suffix in affixes(self.first(AFFIX_SAMPLE)):
            yield from (word for one in spelled if (word := f"{prefix}{one}{suffix}") in self)

    def _bytes(self, row: int) -> bytes:
        start, end = self._starts[row], self._starts[row + 1]
        if not 0 <= start < end <= len(self._buffer):
            raise DamagedStore(f"the offsets of the word of row {row} are invalid")
        return bytes(self._buffer[start:end])

    def _row_at(self, place: int) -> int:
        """The row at a position of the sorted order."""
        row: int = self._sorted[place]
        if not 0 <= row < len(self):
            raise DamagedStore(f"the sorted order contains row {row}, which does not exist")
        return row

    def _place(self, wanted: bytes) -> int:
        """The number of words that sort before `wanted` (bisect_left over `order`)."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(self._row_at(middle)) < wanted:
                low = middle + 1
            else:
                high = middle
        return low


def is_utf8(word: str) -> bool:
    """Whether a word can be encoded: it contains no lone surrogate."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _encode(word: str) -> bytes:
    # Python decodes an argument that is not UTF-8 to surrogates; no word contains them, so it is not found.
    return word.encode("utf-8", "surrogatepass")
