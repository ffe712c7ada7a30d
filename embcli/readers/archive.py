"""Archives: the file of vectors in a zip or a tar, or the one that a path names: `glove.6B.zip/glove.6B.50d.txt`."""

import errno
import os
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from embcli.errors import BadFile, InputOutputProblem
from embcli.readers.foreign import foreign_zip

PIECE = 1 << 20
# What stands beside vectors in archives: what systems add, and what people write about them.
BESIDE = ("readme", "license", "licence", "copying", "changelog", "meta.json", ".ds_store", "thumbs.db", "desktop.ini")
VECTOR_SUFFIXES = (".txt", ".vec", ".bin", ".kv", ".model", ".npy", ".csv", ".tsv", ".w2v", ".dat")
LISTED = 10
ENCRYPTED = 1  # the bit in the flags of a member of a zip
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
TAR_MAGIC, TAR_MAGIC_AT, TAR_MAGIC_LENGTH = b"ustar", 257, 8


def split_member(path: Path) -> tuple[Path, str | None]:
    """A path as a file and, if it leads into an archive, the name of the member there."""
    if path.exists():
        return path, None
    for parent in path.parents:
        if parent.is_file():
            return parent, path.relative_to(parent).as_posix()
        if parent.is_dir():
            break
    return path, None


@contextmanager
def damage_reported(path: Path, compression: str) -> Iterator[None]:
    """Whatever a damaged file makes a decompressor raise becomes BadFile."""
    try:
        yield
    except (BadFile, InputOutputProblem, GeneratorExit):
        raise
    except Exception as error:  # zipfile raises many kinds of errors for a damaged directory
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise InputOutputProblem(f"cannot read {path}: {error.strerror}", "check the file") from error
        raise BadFile(f"{path}: corrupt or truncated {compression} data ({error})", "download it again") from error


def is_tar(look: bytes) -> bool:
    """Whether the first bytes are those of a tar, which may come out of a decompressor."""
    magic = look[TAR_MAGIC_AT : TAR_MAGIC_AT + TAR_MAGIC_LENGTH]  # a NUL tells it from a word of a text
    return magic.startswith(TAR_MAGIC) and b"\0" in magic


def zip_pieces(file: IO[bytes], member: str) -> Iterator[bytes]:
    """The content of the member of a zip."""
    with zipfile.ZipFile(file) as archive, archive.open(member) as stream:
        yield from _pieces(stream)


def members_of_zip(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files of a zip by name. A damaged directory may have a member without a name, which is none of them."""
    return {info.filename: info for info in archive.infolist() if info.filename and not info.is_dir()}


def zip_member(path: Path, file: IO[bytes], member: str | None) -> tuple[str, bool]:
    """The name of the member of a zip that is read, and whether there are others."""
    with zipfile.ZipFile(file) as archive:
        infos = members_of_zip(archive)
    foreign = foreign_zip(list(infos)) if member is None else None
    if foreign is not None:
        raise BadFile(f"{path} is {foreign.name}", foreign.hint)
    chosen = _chosen(path, list(infos), member)
    check_readable(path, infos[chosen])
    return chosen, len(infos) > 1


def check_readable(path: Path, info: zipfile.ZipInfo) -> None:
    """Raise BadFile for a member of a zip that is encrypted, or compressed in a way that Python does not know."""
    if info.flag_bits & ENCRYPTED:
        raise BadFile(f"{path} is encrypted: {info.filename} needs a password", "extract it, then add the file")
    if info.compress_type not in ZIP_METHODS:
        message = f"{path} has {info.filename} in a compression that is not supported (method {info.compress_type})"
        raise BadFile(message, "extract it, then add the file")


def tar_pieces(path: Path, stream: IO[bytes], member: str) -> Iterator[bytes]:
    """The content of the member of a tar, read in one pass."""
    with damage_reported(path, "tar"), tarfile.open(fileobj=stream, mode="r|") as archive:
        for info in archive:
            if info.isfile() and info.name == member:
                inside = archive.extractfile(info)
                assert inside is not None
                yield from _pieces(inside)
                return
    raise BadFile(f"{path} contains no file {member}", "check the name")


def is_npz(file: IO[bytes]) -> bool:
    """Whether a zip holds nothing but NumPy arrays."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except Exception:  # as above: the reader of zips reports what is damaged
        return False
    finally:
        file.seek(0)
    return bool(names) and all(name.endswith(".npy") for name in names)


def tar_member(path: Path, stream: IO[bytes], member: str | None) -> tuple[str, bool]:
    """The name of the member of a tar that is read, and whether there are others."""
    with damage_reported(path, "tar"), tarfile.open(fileobj=stream, mode="r|") as archive:
        names = [info.name for info in archive if info.isfile()]
        while stream.read(PIECE):  # to the end, where compressed data have their checksum
            pass
    return _chosen(path, names, member), len(names) > 1


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE):
        yield piece


def _chosen(path: Path, names: Sequence[str], member: str | None) -> str:
    """The member that was named, or the only one that may hold vectors. BadFile for none, and for several."""
    if member is not None:
        if member not in names:
            raise BadFile(f"{path} contains no file {member}", f"it contains {_listed(names)}")
        return member
    likely = [name for name in names if not _is_beside(name)]
    vectors = [name for name in likely if PurePosixPath(name).suffix.lower() in VECTOR_SUFFIXES]
    for found in (vectors, likely):
        if len(found) == 1:
            return found[0]
    if not likely:
        raise BadFile(
            f"{path} contains no file of vectors", f"it contains {_listed(names)}" if names else "it is empty"
        )
    several = vectors or likely
    raise BadFile(
        f"{path} contains {len(several)} files that may be vectors: {_listed(several)}",
        f"name one of them: {os.path.join(path, several[0])}",
    )


def _is_beside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1].lower().startswith(BESIDE) or parts[-1].startswith("._")


def _listed(names: Sequence[str]) -> str:
    more = f", … ({len(names)} in all)" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
