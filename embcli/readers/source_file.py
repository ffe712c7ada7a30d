"""A source of vectors: a regular file, decompressed while it is read."""

import io
import os
import stat
from pathlib import Path
from typing import IO

from embcli.errors import BadFile, InputOutputProblem
from embcli.readers.archive import PIECE, is_npz, is_tar, split_member, tar_member, tar_pieces
from embcli.readers.decompress import (
    LARGEST_RATIO,
    RATIO_FREE,
    Pieces,
    compression_of,
    find_zip_member,
    open_decompressed,
)


class SourceFile:
    """A source file. stream: its decompressed bytes."""

    def __init__(self, path: Path) -> None:
        file, member = split_member(path)
        self.path = path
        self.file_path = file  # of the archive, if it is in one
        self.file = _open_plain_file(file)
        self.size = os.fstat(self.file.fileno()).st_size
        self.mtime_ns = os.fstat(self.file.fileno()).st_mtime_ns
        self.member: str | None = None  # of an archive
        self.is_one_of_several = False
        self.stream: IO[bytes] = self.file
        try:
            self._open_stream(file, member)
        except BaseException:
            self.file.close()
            raise

    def _open_stream(self, file: Path, member: str | None) -> None:
        try:
            start = self.file.read(6)
        except OSError as error:
            raise InputOutputProblem(f"cannot read {self.path}: {error.strerror}", "check the file") from error
        self.file.seek(0)
        self.compression = compression_of(start)
        if self.compression == "zip" and member is None and is_npz(self.file):
            self.compression = "npz"
        elif self.compression == "zip":
            self.member, self.is_one_of_several = find_zip_member(file, self.file, member)
            self.stream = open_decompressed(file, self.file, "zip", self.member)
        elif self.compression:
            self.stream = open_decompressed(file, self.file, self.compression)
        if self.member is None and self.compression != "npz" and is_tar(self.stream.peek(512)):  # type: ignore[attr-defined]
            self._open_tar(file, member)
        if member is not None and self.member is None:
            raise InputOutputProblem(
                f"cannot read {self.path}: {file} is neither a folder nor an archive", "check the path"
            )

    def _open_tar(self, file: Path, member: str | None) -> None:
        """Find the member in a first pass, and read it in a second one."""
        self.member, self.is_one_of_several = tar_member(file, self.stream, member)
        self.file.seek(0)
        stream: IO[bytes] = self.file
        if self.compression:
            stream = open_decompressed(file, self.file, self.compression)
        self.stream = io.BufferedReader(Pieces(tar_pieces(file, stream, self.member)), 1 << 16)
        self.compression = "tar"

    def taken(self) -> int:
        """The number of bytes of the file that have been read, for a progress bar."""
        return self.file.tell()

    def plain_size(self) -> int | None:
        """The size of the stream in bytes; None for a compressed file, where it is unknown."""
        return None if self.compression else self.size

    def largest_size(self) -> int:
        """The size of the stream in bytes, or the largest one that a compressed file may have."""
        return self.plain_size() or LARGEST_RATIO * self.size + RATIO_FREE

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
