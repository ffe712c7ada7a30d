"""A source of vectors: a regular file, decompressed while it is read."""

import io
import os
import stat
from pathlib import Path
from typing import IO

from embcli.errors import BadFile, InputOutputProblem
from embcli.readers.decompress import PIECE, compression_of, open_decompressed


class SourceFile:
    """A source file. stream: its decompressed bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = _open_plain_file(path)
        self.size = os.fstat(self.file.fileno()).st_size
        self.mtime_ns = os.fstat(self.file.fileno()).st_mtime_ns
        try:
            start = self.file.read(6)
        except OSError as error:
            raise InputOutputProblem(f"cannot read {path}: {error.strerror}", "check the file") from error
        self.file.seek(0)
        self.compression = compression_of(start)
        self.stream: IO[bytes] = self.file
        if self.compression:
            self.stream = open_decompressed(self.path, self.file, self.compression)

    def taken(self) -> int:
        """The number of bytes of the file that have been read, for a progress bar."""
        return self.file.tell()

    def plain_size(self) -> int | None:
        """The size of the stream in bytes; None for a compressed file, where it is unknown."""
        return None if self.compression else self.size

    def check_unchanged(self) -> None:
        """Raise BadFile if the file was changed after it was opened."""
        now = os.fstat(self.file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.size, self.mtime_ns):
            raise BadFile(f"{self.path} changed while it was being read", "add it again when it is complete")

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _open_plain_file(path: Path) -> io.BufferedReader:
    """Open a file without waiting for the other end of a FIFO. Raises BadFile unless it is a regular file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputOutputProblem(f"cannot read {path}: {error.strerror}", "check the path") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise BadFile(f"{path} is {kind}", "give a file of vectors")
    return io.BufferedReader(io.FileIO(descriptor), PIECE)
