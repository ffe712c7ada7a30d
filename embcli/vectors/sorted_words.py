"""Words ↔ rows with a memory-mapped sorted index; prefix search.

The words are concatenated UTF-8 bytes in row order. `order` lists the rows sorted by the bytes of their word. A word
is found by binary search (19 steps for 400,000 words), and no index is built when a model is opened, so the cost of
opening does not grow with the vocabulary.

numpy is not imported here: its import takes as long as the completion of a word.
"""

from collections.abc import Sequence
from heapq import nsmallest

from embcli.errors import DamagedStore

# Rows in which the words of a common prefix are looked for first.
FIRST_ROWS = 5_000


class SortedWords(Sequence[str]):
    """Words in row order, and their rows in the order of their bytes.

    buffer: the concatenated words in UTF-8. starts: int64 [rows + 1], the start of each word. order: int32 [rows], the
    rows sorted by the bytes of their word.
    """

    def __init__(self, buffer: memoryview, starts: memoryview, order: memoryview) -> None:
        self._buffer = buffer
        self._starts = starts
        self._sorted = order

    def __len__(self) -> int:
        return len(self._sorted)

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

    def find(self, word: str) -> int | None:
        """The row of exactly this word, or None."""
        wanted = _encode(word)
        place = self._place(wanted)
        if place < len(self) and self._bytes(self._row_at(place)) == wanted:
            return self._row_at(place)
        return None

    def prefix(self, prefix: str, limit: int = 10) -> list[str]:
        """Up to `limit` words that begin with `prefix`, the lowest rows (in most models, the most frequent) first.

        vocabulary.prefix("kin", 3)  # ["king", "kind", "kinds"]
        """
        start = _encode(prefix)
        first, last = self._place(start), self._place(start + b"\xff")
        # Words of a short prefix are many, and some are among the first rows: then the others need not be sorted.
        if last - first > FIRST_ROWS:
            rows = [row for row in range(min(FIRST_ROWS, len(self))) if self._bytes(row).startswith(start)]
            if len(rows) >= limit:
                return [self[row] for row in rows[:limit]]
        return [self[row] for row in nsmallest(limit, self._sorted[first:last])]

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


def _encode(word: str) -> bytes:
    # Python decodes an argument that is not UTF-8 to surrogates; no word contains them, so it is not found.
    return word.encode("utf-8", "surrogatepass")
