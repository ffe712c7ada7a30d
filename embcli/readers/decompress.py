"""Decompression of files in pieces of bounded size.

The file objects of gzip, bz2 and lzma do not limit the decompressed size, nor the memory of xz.
"""

import bz2
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from embcli.errors import BadFile
from embcli.readers.archive import PIECE, damage_reported, zip_member, zip_pieces

# Vectors as text shrink to about a third. What grows beyond this is a bomb.
LARGEST_RATIO = 25
RATIO_FREE = 1 << 22  # decompressed bytes that are allowed at any ratio
# Those of bzip2 are text; the mark of its first block, or of its end, tells them from a word.
COMPRESSION_MAGICS = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](?:1A|\x17r)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "zip": re.compile(rb"PK(?:\x03\x04|\x05\x06)"),
}
XZ_MEMORY = 1 << 27  # files of xz -9 require 65 MiB


def compression_of(start: bytes) -> str | None:
    """The compression format by the first bytes of a file, if any."""
    return next((name for name, magic in COMPRESSION_MAGICS.items() if magic.match(start)), None)


def open_decompressed(path: Path, file: IO[bytes], compression: str, member: str | None = None) -> io.BufferedReader:
    """The content of a compressed file as a stream; reading raises BadFile if it is damaged, truncated or a bomb."""
    return io.BufferedReader(Pieces(_decompressed(path, file, compression, member)), 1 << 16)


def _decompressed(path: Path, file: IO[bytes], compression: str, member: str | None) -> Iterator[bytes]:
    """The content in pieces. Raises BadFile for a damaged or truncated file or a decompression bomb."""
    out = 0
    with damage_reported(path, compression):
        for piece in _unpacked(file, compression) if member is None else zip_pieces(file, member):
            out += len(piece)
            if out > max(RATIO_FREE, LARGEST_RATIO * file.tell()):
                raise BadFile(
                    f"{path} grows more than {LARGEST_RATIO} times when decompressed", "give a file of vectors"
                )
            yield piece


def find_zip_member(path: Path, file: IO[bytes], member: str | None) -> tuple[str, bool]:
    """The member of a zip that is read, and whether there are others. BadFile where none, or several, hold vectors."""
    with damage_reported(path, "zip"):
        found = zip_member(path, file, member)
    file.seek(0)
    return found


class _Decompressor(Protocol):
    eof: bool
    unused_data: bytes
    needs_input: bool

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor with the interface of those of bz2 and lzma."""

    def __init__(self) -> None:
        self.inner = zlib.decompressobj(31)

    eof = property(lambda self: self.inner.eof)
    unused_data = property(lambda self: self.inner.unused_data)
    needs_input = property(lambda self: not self.inner.unconsumed_tail)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self.inner.decompress(self.inner.unconsumed_tail + data, max_length)


_DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": _Gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY),
}


def _unpacked(file: IO[bytes], compression: str) -> Iterator[bytes]:
    """The content of one or more concatenated compressed streams."""
    data = file.read(PIECE)
    while data:
        decompressor: _Decompressor = _DECOMPRESSORS[compression]()
        while not decompressor.eof:
            if decompressor.needs_input and not data:
                data = file.read(PIECE)
                if not data:
                    raise EOFError("it is truncated")
            piece = decompressor.decompress(data, PIECE)
            data = b""
            if piece:
                yield piece
        data = decompressor.unused_data or file.read(PIECE)
        if not data.strip(b"\0"):  # padding
            data = file.read(PIECE)


class Pieces(io.RawIOBase):
    """A readable stream over pieces of bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.rest = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next; returns how many bytes that is."""
        if not self.rest:
            self.rest = memoryview(next(self.pieces, b""))
        count = min(len(buffer), len(self.rest))
        buffer[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count
