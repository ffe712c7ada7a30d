"""Files of other formats are named, with what to do; a format that is asked for and not there is an error."""

import io
import lzma
import pickle
import re
import sqlite3
import struct
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import BINARY, COMPRESSIONS, GLOVE, WORD2VEC, npy, zip_of

from embcli.errors import BadFile, EmbcliError
from embcli.readers import ReadOptions, sniffing
from embcli.readers.foreign import foreign_format
from embcli.readers.source_file import SourceFile

FLOATS = np.array([[1, 2], [3, 4]], np.float32)


def read(path: Path, **options: Any) -> tuple[list[str], Any, list[str]]:
    """The words, the vectors and the notes of a file."""
    with closing(SourceFile(path)) as opened:
        source = sniffing.read(opened, ReadOptions(**options))
        blocks = list(source.blocks)
    words = [word.decode() for words, _ in blocks for word in words]
    return words, np.concatenate([vectors for _, vectors in blocks]), source.notes


def sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE magnitude (key TEXT)")
        database.commit()


def xml(*names: str) -> bytes:
    return zip_of(dict.fromkeys(names, b"<xml/>"))


TEXT = GLOVE.decode()
OTHERS: dict[str, tuple[bytes, str, str]] = {  # the file, what it is, what to do
    "a.zst": (b"\x28\xb5\x2f\xfd\x24\x2b" + bytes(20), "compressed with Zstandard", "zstd -d"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(20), "a 7-Zip archive", "7z x"),
    "a.rar": (b"Rar!\x1a\x07\1\0" + bytes(20), "a RAR archive", "unrar x"),
    "a.lzma": (lzma.compress(GLOVE, lzma.FORMAT_ALONE), "compressed with LZMA", "xz --format=lzma"),
    "a.txt.gz": (COMPRESSIONS["gz"](COMPRESSIONS["gz"](GLOVE)), "compressed twice", "extract"),
    "b.gz": (COMPRESSIONS["gz"](zip_of({"a.txt": GLOVE})), "an archive in another file", "extract"),
    "a.parquet": (b"PAR1\x15\4" + bytes(20), "a Parquet file", "read_parquet"),
    "a.feather": (b"ARROW1\0\0" + bytes(20), "a Feather file", "read_feather"),
    "a.h5": (b"\x89HDF\r\n\x1a\n" + bytes(20), "an HDF5 file", "np.save"),
    "a.pt": (zip_of({"a/data.pkl": b"\x80\2}.", "a/version": b"3", "a/data/0": b""}), "a PyTorch file", "np.save"),
    "a.pth": (pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps({}, 2), "a PyTorch file", "np.save"),
    "a.onnx": (b"\x08\7\x12\7pytorch\x1a\0051.9.0", "an ONNX model", "np.save"),
    "a.safetensors": ((30).to_bytes(8, "little") + b'{"a": {}}', "a safetensors file", "np.save"),
    "a.gguf": (b"GGUF\3\0\0\0" + bytes(20), "a language model", "word vectors"),
    "a.xlsx": (xml("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook", "CSV"),
    "a.ods": (xml("mimetype", "content.xml"), "an OpenDocument file", "CSV"),
    "a.docx": (xml("[Content_Types].xml", "word/document.xml"), "a Word document", "plain text"),
    "a.html": (b"\n<!DOCTYPE html>\n<html></html>\n", "a web page or XML", "check the address"),
    "a.json": (b'{\n  "salt": [0.1, 0.2]}\n', "JSON", "as text"),
    "a.jsonl": (b'{"word": "salt", "vector": [0.1, 0.2]}\n', "JSON", "as text"),
    "lfs.txt": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a pointer of Git LFS", "git lfs pull"),
    "16.txt": (TEXT.encode("utf-16"), "text in UTF-16", "iconv -f UTF-16 "),
    "16le.txt": (TEXT.encode("utf-16-le"), "text in UTF-16", "iconv -f UTF-16LE "),
    "16be.txt": (TEXT.encode("utf-16-be"), "text in UTF-16", "iconv -f UTF-16BE "),
    "32.txt": (TEXT.encode("utf-32"), "text in UTF-32", "iconv -f UTF-32 "),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_format_is_named_with_what_to_do(name: str, tmp_path: Path) -> None:
    data, what, hint = OTHERS[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadFile, match=f"{re.escape(name)} is {what}") as error:
        read(tmp_path / name)
    assert hint in error.value.hint


def test_a_database_is_named(tmp_path: Path) -> None:
    sqlite(tmp_path / "a.magnitude")
    with pytest.raises(BadFile, match="is an SQLite database, as Magnitude writes"):
        read(tmp_path / "a.magnitude")


@pytest.mark.parametrize(
    "word", ["PAR1", "7z", "BZh", "GGUF", "RDX3", "ARROW1", "ustar", "{", "[", "[[", "<html>", "%PDF", "]", '"', "\x08"]
)
def test_a_word_that_looks_like_another_format_is_a_word(word: str, tmp_path: Path) -> None:
    before = "".join(f"w{number} 0.5 0.25\n" for number in range(17))  # the next word is where a tar has `ustar`
    for rows in (f"{word} 0.5 0.25\n{before}", f"{before}{'x' * (257 - len(before) - 10)} 0.5 0.25\n{word} 0.5 0.25\n"):
        (tmp_path / "some.txt").write_text(rows)
        words, vectors, _ = read(tmp_path / "some.txt")
        assert word.strip('"') in words or word in words
        assert (vectors == [0.5, 0.25]).all()


@pytest.mark.parametrize(
    "data", [GLOVE, WORD2VEC, b"word,x,y\nsalt,1.5,2\nsoup,3,4\n"], ids=["glove", "word2vec", "csv"]
)
@pytest.mark.parametrize("format_name", [None, "glove"])
def test_lines_that_end_with_cr_alone_are_named(data: bytes, format_name: str | None, tmp_path: Path) -> None:
    (tmp_path / "mac.txt").write_bytes(data.replace(b"\n", b"\r"))
    with pytest.raises(BadFile, match="its lines end with CR, as on old Macs") as error:
        read(tmp_path / "mac.txt", format_name=format_name)
    assert error.value.hint == "convert it: tr '\\r' '\\n' < FILE > NEW"


def test_no_header_of_fasttext_looks_like_another_format() -> None:
    # Files before 2017 begin with the number of dimensions, and those since with a magic number and a version.
    rest = (5, 5, 5, 5, 1, 1, 2, 2_000_000, 3, 6, 100, 0)
    for dim in range(1, 2000):
        for before in ((), (793712314, 12)):
            values = (*before, dim, *rest)
            assert foreign_format(struct.pack(f"<{len(values)}i", *values)) is None


# --- Zips ---------------------------------------------------------------------------------------------------------


def with_flag(data: bytes, *, encrypted: bool = False, method: int | None = None) -> bytes:
    """A zip of one member whose headers say that it is encrypted, or compressed with another method."""
    changed = bytearray(data)
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = data.index(magic) + at
        changed[start] |= encrypted
        if method is not None:
            changed[start + 2] = method
    return bytes(changed)


@pytest.mark.parametrize(("name", "member"), [("a.zip", "a.txt"), ("a.npz", "vectors.npy")])
def test_an_encrypted_zip_is_said_to_be_one(name: str, member: str, tmp_path: Path) -> None:
    whole = zip_of({member: GLOVE if member == "a.txt" else npy(FLOATS)})
    (tmp_path / name).write_bytes(with_flag(whole, encrypted=True))
    with pytest.raises(BadFile, match=f"{name} is encrypted: {member} needs a password"):
        read(tmp_path / name)


def test_a_method_of_compression_that_python_does_not_know_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(with_flag(zip_of({"a.txt": GLOVE}), method=9))
    with pytest.raises(BadFile, match=r"has a\.txt in a compression that is not supported \(method 9\)") as error:
        read(tmp_path / "a.zip")
    assert error.value.hint == "extract it, then add the file"


# --- Formats that are asked for -----------------------------------------------------------------------------------


def tarred(data: bytes, mode: Any = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


KINDS = {
    "glove": GLOVE, "word2vec": WORD2VEC, "binary": BINARY, "npy": npy(FLOATS), "npz": npz(words=["a", "b"], v=FLOATS),
    "empty": b"", "zip": zip_of({"a.txt": GLOVE}), "gz": COMPRESSIONS["gz"](GLOVE), "tar": tarred(GLOVE),
    "tar.gz": tarred(GLOVE, "w:gz"), "pickle": pickle.dumps({}), "zip of nothing": zip_of({}),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format_name", sniffing.INPUT_FORMATS)
def test_a_format_that_is_asked_for_is_read_or_refused_in_one_line(kind: str, format_name: str, tmp_path: Path) -> None:
    (tmp_path / "some").write_bytes(KINDS[kind])
    own = {"zip": "glove", "gz": "glove", "tar": "glove", "tar.gz": "glove", "npy": None}
    if format_name == own.get(kind, kind):
        words, vectors, _ = read(tmp_path / "some", format_name=format_name)
        assert len(words) == len(vectors)
        return
    with pytest.raises(EmbcliError, match=re.escape(str(tmp_path / "some"))) as error:
        read(tmp_path / "some", format_name=format_name)
    assert error.value.exit_status == 2
    assert "\n" not in error.value.message + error.value.hint


@pytest.mark.parametrize("kind", ["zip", "gz", "tar.gz", "npz"])
@pytest.mark.parametrize("format_name", [None, *sniffing.INPUT_FORMATS])
def test_a_compressed_file_that_is_cut_anywhere_is_refused(kind: str, format_name: str | None, tmp_path: Path) -> None:
    for size in range(0, len(KINDS[kind]), 7):
        (tmp_path / "some").write_bytes(KINDS[kind][:size])
        with pytest.raises(EmbcliError) as error:
            read(tmp_path / "some", format_name=format_name)
        assert error.value.exit_status == 2
        assert "\n" not in str(error.value)


# --- Arrays -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.array(["salt", "soups"]), "texts of shape (2,)"),
        (np.array([b"salt"]), "texts of shape (1,)"),
        (np.array([{"salt": 1}, None]), "objects of shape (2,)"),
        (np.array({"salt": 1}), "objects of shape ()"),
        (np.ones((2, 2), bool), "truth values of shape (2, 2)"),
        (np.ones((2, 2), int), "int64 numbers of shape (2, 2)"),
        (np.ones(3), "float64 numbers of shape (3,)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("words", [None, Path("words.txt")])
def test_an_array_that_is_no_matrix_is_described_in_words(
    array: Any, what: str, words: Path | None, tmp_path: Path
) -> None:
    np.save(tmp_path / "some.npy", array)
    with pytest.raises(BadFile, match=re.escape(f"some.npy contains {what}")):
        read(tmp_path / "some.npy", words=words)


def test_words_that_are_an_array_of_objects_are_read_without_running_code(tmp_path: Path) -> None:
    words = np.array(["salt", "sœup"], dtype=object)
    for name, save in (("a.npz", np.savez), ("b.npz", np.savez_compressed)):
        save(tmp_path / name, words=words, vectors=FLOATS)
        read_words, vectors, notes = read(tmp_path / name)
        assert read_words == ["salt", "sœup"]
        assert np.array_equal(vectors, FLOATS)
        assert notes == ["its words are the array words"]


class Attack:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.marker), "w"))


def test_objects_that_are_no_words_are_refused_and_run_no_code(tmp_path: Path) -> None:
    for held, said in (
        (Attack(tmp_path / "marker"), "it names _?io.open, which no file of vectors needs"),
        (None, "contains objects that are not texts"),
        (1.5, "contains objects that are not texts"),
    ):
        np.savez(tmp_path / "some.npz", words=np.array(["salt", held], dtype=object), vectors=FLOATS)
        with pytest.raises(BadFile, match=rf"words\.npy .*{said}") as error:
            read(tmp_path / "some.npz")
        assert "words.astype(str)" in error.value.hint
    assert not (tmp_path / "marker").exists()


def test_a_pickle_in_a_npz_that_is_not_the_array_of_its_header_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "some.npz", words=np.array(["salt", "soup"], dtype=object), vectors=FLOATS)
    with zipfile.ZipFile(tmp_path / "some.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    start = members["words.npy"].index(b"\x80")
    header, content = members["words.npy"][:start], members["words.npy"][start:]
    for changed in (pickle.dumps(["salt", "soup"]), pickle.dumps(np.array(["salt"], object)), content[:-5], b""):
        members["words.npy"] = header + changed
        (tmp_path / "some.npz").write_bytes(zip_of(members))
        with pytest.raises(BadFile, match=r"words\.npy"):
            read(tmp_path / "some.npz")
