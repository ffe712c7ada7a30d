"""Readers of vector files, one file a format: blocks of (words, vectors) out, broken files refused."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Block = tuple[Sequence[bytes], npt.NDArray[np.float32]]


class Source(NamedTuple):
    """What a reader found: how many rows to expect, if the file says, and the blocks themselves.

    rows: for the progress bar; None when unknown. metadata: goes into the store's header.
    """

    rows: int | None
    blocks: Iterator[Block]
    metadata: dict[str, str]
