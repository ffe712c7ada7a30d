"""Small vector files to add: broken ones of all known kinds, and valid but irregular ones."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import socket
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Write = Callable[[Path], object]
WORDS = ["the", "king", "café", "new_york", "[/]", "man", "=1+1", "-"]
NUMBERS = [
    [f"{(-1) ** (row + column) * (row + 1) / (column + 3):.6f}" for column in range(4)] for row in range(len(WORDS))
]
DIM = 4
BAD = 3  # the row that is broken: not the first, which is looked at to see the format, and not the last


class Broken(NamedTuple):
    """A file that must be rejected.

    content: the bytes of the file `name`, or a function that writes files to a folder. arguments: `{folder}` stands
    for this folder. says: text that the message must contain besides the file. source: the source to add, if not the
    file. apart: whether to use a separate process, because it could crash or hang this one.
    """

    id: str
    name: str
    content: bytes | Write
    arguments: Sequence[str] = ()
    says: str = ""
    status: int = 2
    source: str = "{folder}/{name}"
    apart: bool = False


class Good(NamedTuple):
    """A file that must load, with these words and numbers, and with notes that contain `notes`."""

    id: str
    name: str
    content: bytes | Write
    words: Sequence[str] = WORDS
    numbers: Sequence[Sequence[str]] = NUMBERS
    notes: Sequence[str] = ()
    arguments: Sequence[str] = ()


def put(case: Broken | Good, folder: Path) -> tuple[str, list[str]]:
    """Write the files of a case; returns the source to add and the arguments."""
    if callable(case.content):
        case.content(folder)
    else:
        (folder / case.name).write_bytes(case.content)
    source = case.source if isinstance(case, Broken) else "{folder}/{name}"
    places = {"folder": str(folder), "name": case.name}
    return source.format(**places), [argument.format(**places) for argument in case.arguments]


# Valid files ---------------------------------------------------------------------------------------


def matrix(numbers: Sequence[Sequence[str]] = NUMBERS) -> Any:
    """float32(float(text)) of each number."""
    with np.errstate(under="ignore"):
        return np.array([[float(number) for number in row] for row in numbers]).astype(np.float32)


def lines(end: str = "", words: Sequence[str] = WORDS, numbers: Sequence[Sequence[str]] = NUMBERS) -> list[bytes]:
    """The rows as text, each with a line feed."""
    return [f"{' '.join([word, *row])}{end}\n".encode() for word, row in zip(words, numbers, strict=True)]


def header(rows: int = len(WORDS), dim: int = DIM) -> bytes:
    return f"{rows} {dim}\n".encode()


def records(
    feed: bytes = b"\n", words: Sequence[str] = WORDS, numbers: Sequence[Sequence[str]] = NUMBERS, form: str = "<f4"
) -> list[bytes]:
    """The rows in word2vec's binary format."""
    rows = matrix(numbers).astype(form)
    return [word.encode() + b" " + row.tobytes() + feed for word, row in zip(words, rows, strict=True)]


WORD2VEC = header() + b"".join(lines())
GLOVE = b"".join(lines())
FASTTEXT_VEC = header() + b"".join(lines(end=" "))
BINARY = header() + b"".join(records())
# name, the header, the rows, and the number of the line of row 0
TEXTS: dict[str, tuple[str, bytes, list[bytes], int]] = {
    "word2vec": ("bad.txt", header(), lines(), 2),
    "glove": ("bad.txt", b"", lines(), 1),
    "fasttext": ("bad.vec", header(), lines(end=" "), 2),
}


def zipped(data: bytes, name: str = "vectors.txt", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    return zip_of({name: data}, method)


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzipped, "bz2": bz2.compress, "xz": lzma.compress, "zip": zipped,
}  # fmt: skip


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npy_with_header(text: str, data: bytes = b"", version: bytes = b"\1\0", length: int | None = None) -> bytes:
    """A .npy file with any header."""
    size = struct.pack("<H" if version == b"\1\0" else "<I", len(text) + 1 if length is None else length)
    return b"\x93NUMPY" + version + size + text.encode() + b"\n" + data


def word_list(words: Sequence[str] = WORDS) -> bytes:
    return "".join(f"{word}\n" for word in words).encode()


def keyed_vectors(path: Path, **options: Any) -> None:
    """A file saved by gensim; with `sep_limit=1`, the numbers are in a separate file."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(DIM)
    keyed.add_vectors(WORDS, matrix())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        keyed.save(str(path), **options)


@cache
def gensim_file(name: str) -> bytes:
    """One of the small real files of gensim's tests."""
    import gensim

    return (Path(gensim.__file__).parent / "test" / "test_data" / name).read_bytes()


def fasttext() -> bytes:
    return gensim_file("crime-and-punishment.bin")


class FastTextPlaces(NamedTuple):
    """The offsets of the parts of fastText's `.bin`."""

    words: int
    matrix: int  # of the input matrix: a flag, its rows, its columns, its numbers
    output: int


def fasttext_places(data: bytes) -> FastTextPlaces:
    dim, size = struct.unpack_from("<i", data, 8)[0], struct.unpack_from("<i", data, 64)[0]
    at = words = 64 + 28
    for _ in range(size):
        at = data.index(b"\0", at) + 1 + 9
    rows = struct.unpack_from("<q", data, at + 1)[0]
    return FastTextPlaces(words, at, at + 17 + 4 * rows * dim)


# Broken files -----------------------------------------------------------------------------------------------


def broken() -> list[Broken]:
    """All cases."""
    parts = (
        _rows_of_text, _headers, _other_files, _records, _compressed, _bombs, _not_plain_files, _pickles,
        _payloads, _beside, _arrays, _fasttext, _names, _through_gensim,
    )  # fmt: skip
    return [case for part in parts for case in part()]


NOT_NUMBERS = (
    b"nan", b"-nan", b"NaN", b"inf", b"-inf", b"Infinity", b"1e400", b"-1e400", b"1e39", b"3.5e38", b"0x1p3", b"0x10",
    b"1_000", b"1,5", b"two", b"--1", b"+-1", b"1e", b".", b"-", b"1.2.3", b"1e5.5", b"1-2", b"1d5", b"e5",
    "１".encode(), "٣".encode(), "−1".encode(), "∞".encode(), b"\xa01", b"1\0", b"1\x0b2",
)  # fmt: skip


def _rows_of_text() -> Iterator[Broken]:
    for form, (name, head, rows, first) in TEXTS.items():
        line = f"line {first + BAD}:"
        # Without a header, a file with NUL bytes or endless lines is not recognised as text.
        perhaps = ("NUL", "hole", "carriage returns") if form == "glove" else ("carriage returns",)
        word, _, numbers = rows[BAD].partition(b" ")
        four = numbers.split()
        ways: dict[str, bytes] = {
            "a number missing": b" ".join([word, *four[:-1]]) + b"\n",
            "a number too many": b" ".join([word, *four, b"1.5"]) + b"\n",
            "one number, to be broadcast": word + b" 0.5\n",
            "no numbers": word + b"\n",
            "an empty line": b"\n",
            "a line of spaces": b"   \n",
            "a line of tabs": b"\t\t\t\t\n",
            "a carriage return alone": b"\r\n",
            "no word": numbers,
            "no word, but its space": b" " + numbers,
            "NUL in the word": b"a\0b " + numbers,
            "NUL for the word": b"\0 " + numbers,
            "Latin-1": b"caf\xe9 " + numbers,
            "a surrogate in UTF-8": b"\xed\xa0\x80 " + numbers,
            "overlong UTF-8": b"\xc0\x80 " + numbers,
            "a word of 10,001 bytes": b"a" * 10_001 + b" " + numbers,
            "a word of 3 MB": b"a" * 3_000_000 + b" " + numbers,
            "two rows on a line": rows[BAD].replace(b"\n", b" ") + rows[BAD + 1],
            "numbers run together": word + b" " + b"".join(four) + b"\n",
            "separated by commas": b",".join([word, *four]) + b"\n",
            "separated by no-break spaces": "\N{NO-BREAK SPACE}".encode().join([word, *four]) + b"\n",
            "separated by form feeds": b"\x0c".join([word, *four]) + b"\n",
            "two spaces in front of each number, one missing": b"  ".join([word, *four[:-1]]) + b"\n",
            "a hundred thousand numbers": word + b" 1" * 100_000 + b"\n",
            "a line of 5 MB": word + b" 1.25" * 1_000_000 + b"\n",
            "a line of 5 MB of word": b"x" * 5_000_000 + b" " + numbers,
            "a zeroed hole": b"\0" * len(rows[BAD]),
            "a zeroed hole over its end": rows[BAD][:-6] + b"\0" * 6,
            "lines ended by carriage returns": rows[BAD].replace(b"\n", b"\r"),
            "a header in the middle": b"8 4\n",
        }  # fmt: skip
        for way, row in ways.items():
            says = "" if any(part in way for part in perhaps) else line
            yield Broken(f"{form}: {way}", name, head + b"".join([*rows[:BAD], row, *rows[BAD + 1 :]]), says=says)
        for bad in NOT_NUMBERS if form == "word2vec" else (b"nan", b"1e39", b"0x10", b"1_000", b"two"):
            row = b" ".join([word, four[0], bad, *four[2:]]) + b"\n"
            data = head + b"".join([*rows[:BAD], row, *rows[BAD + 1 :]])
            yield Broken(f"{form}: {bad!a} as a number", name, data, says=line)
        last = f"line {first + len(rows) - 1}:"
        yield Broken(f"{form}: cut inside the last number", name, head + b"".join(rows)[:-4], says=last)
        tiny = b"".join(r.split()[0] + b" 1e-20" * DIM + b"\n" for r in rows)
        yield Broken(f"{form}: only tiny numbers", name, head + tiny)
        zeros = b"".join(r.split()[0] + b" 0" * DIM + b"\n" for r in rows)
        yield Broken(f"{form}: only zeros", name, head + zeros)
        huge = b"".join(r.split()[0] + b" 1e30" * DIM + b"\n" for r in rows)
        yield Broken(f"{form}: only huge numbers", name, head + huge)
        spaces = head + rows[0] + rows[1][:-1] + b" " * 2_000_000 + b"x\n" + b"".join(rows[2:])
        yield Broken(f"{form}: 2 MB of spaces in a line", name, spaces, says=f"line {first + 1}:", apart=True)


def _headers() -> Iterator[Broken]:
    rows, count = b"".join(lines()), len(WORDS)
    for form, name, body in (("text", "bad.txt", rows), ("binary", "bad.bin", b"".join(records()))):
        for promised, dim in (
            (count + 1, DIM), (count - 1, DIM), (1, DIM), (0, DIM), (10**6, DIM), (10**12, DIM), (10**17, DIM),
            (200_000_000, 50), (count, DIM + 1), (count, DIM - 1), (count, 0), (count, 1), (count, 10**6),
            (count, 10**9 - 1), (10**18 - 1, 10**9 - 1), (DIM, count),
        ):  # fmt: skip
            yield Broken(f"{form}: header {promised} {dim}", name, header(promised, dim) + body)
        for head in (b"-8 4", b"8 -4", b"8.0 4", b"8 4 1", b"8", b"8,4", b"0x8 4", b"1e1 4", b"eight four", b"8 4 #"):
            yield Broken(f"{form}: header {head!a}", name, head + b"\n" + body)
        for digits in (19, 30, 5000):
            yield Broken(f"{form}: header of {digits} digits", name, b"9" * digits + b" 4\n" + body)
    for suffix, compress in COMPRESSIONS.items():
        for promised, dim in ((10**12, DIM), (count, 10**9 - 1), (count + 1, DIM)):
            data = compress(header(promised, dim) + rows)
            yield Broken(f"text in {suffix}: header {promised} {dim}", f"bad.txt.{suffix}", data, says="line ")
            data = compress(header(promised, dim) + b"".join(records()))
            names = "" if dim > 10**6 else "record "
            yield Broken(f"binary in {suffix}: header {promised} {dim}", f"bad.bin.{suffix}", data, says=names)
    yield Broken("text: two headers", "bad.txt", header() * 2 + rows, says="line 2:")
    yield Broken("text: no header, but asked for", "bad.txt", rows, ("--input-format", "word2vec"), "line 1:")
    yield Broken(
        "text: a header, but --input-format glove", "bad.txt", header() + rows, ("--input-format", "glove"), "line 1:"
    )
    yield Broken("text: a header only", "bad.txt", header())
    yield Broken("text: a header without its line feed", "bad.txt", b"8 4")


def _other_files() -> Iterator[Broken]:
    page = (
        b"<!DOCTYPE html>\n<html>\n<head>\n<title>404 Not Found</title>\n</head>\n<body>\n<h1>Not Found</h1>\n</body>"
    )
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x06\0\0\0\\r\xa8f" + bytes(range(256)) * 4
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        info = tarfile.TarInfo("vectors.txt")
        info.size = len(WORD2VEC)
        archive.addfile(info, io.BytesIO(WORD2VEC))
    content = {
        "empty": b"",
        "one line feed": b"\n",
        "only line feeds": b"\n" * 5000,
        "only CRLF": b"\r\n" * 500,
        "only spaces": b" " * 5000,
        "one byte": b"a",
        "only a BOM": b"\xef\xbb\xbf",
        "a BOM and a line feed": b"\xef\xbb\xbf\n",
        "UTF-16": WORD2VEC.decode().encode("utf-16"),
        "UTF-16 little-endian": GLOVE.decode().encode("utf-16-le"),
        "UTF-16 big-endian": GLOVE.decode().encode("utf-16-be"),
        "UTF-32": GLOVE.decode().encode("utf-32"),
        "HTML": page,
        "HTML, a tag a line": b"\n".join(b"<p>" for _ in range(30)) + b"\n",
        "HTML in one line": page.replace(b"\n", b"") + b"\n",
        "XML": b'<?xml version="1.0"?>\n<a/>\n',
        "CSV with bars": b"word|x|y|z\nking|0.1|0.2|0.3\nqueen|0.3|0.2|0.1\n",
        "CSV whose rows differ": b"king,0.1,0.2\nqueen,0.3\nman,0.1,0.2\n",
        "CSV with open quotes": b'"king,0.1,0.2\n"queen,0.3,0.2\n',
        "JSON": json.dumps({"king": [0.1, 0.2], "queen": [0.2, 0.1]}).encode(),
        "JSON in lines": json.dumps({"king": [0.1, 0.2], "queen": [0.2, 0.1]}, indent=1).encode() + b"\n",
        "YAML": b"king:\n- 0.1\n- 0.2\nqueen:\n- 0.2\n- 0.1\n",
        "a word list": word_list(),
        "a word list, CRLF": word_list().replace(b"\n", b"\r\n"),
        "prose": b"It was the best of times,\nit was the worst of times,\nit was the age of wisdom\n",
        "Markdown": b"# Vectors\n\n1. king\n2. queen\n",
        "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 693432828\n",
        "numbers without words": b"0.1\n0.2\n0.3\n",
        "rows of numbers without words": b"0.1 0.2\n0.3 0.4 0.5\n",
        "a source file": Path(__file__).read_bytes(),
        "an image": png,
        "a JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(255, 0, -1)) * 4,
        "an ELF file": b"\x7fELF\2\1\1" + bytes(9) + bytes(range(256)) * 8,
        "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Length 10 >>\nstream\n" + bytes(range(256)),
        "SQLite": b"SQLite format 3\0" + bytes(4096),
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(512),
        "Parquet": b"PAR1" + bytes(range(256)) + b"PAR1",
        "zstd": b"\x28\xb5\x2f\xfd" + bytes(range(256)),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(range(64)),
        "lzma alone": lzma.compress(WORD2VEC, lzma.FORMAT_ALONE),
        "zlib alone": zlib.compress(WORD2VEC),
        "cut tar": tar.getvalue()[:600],
        "zeros": bytes(10_000),
        "a header and zeros": header() + bytes(10_000),
        "all bytes": bytes(range(256)) * 40,
        "0xFF": b"\xff" * 5000,
        "4 MB without a line feed": b"king " + b"0.5 " * (5 << 18),
        "60,000 empty rows": b" \n" * 60_000,
    }
    for what, data in content.items():
        yield Broken(f"not vectors: {what}", "bad.txt", data)
    for what in ("empty", "HTML", "an image", "a word list", "zeros", "0xFF", "prose", "an ELF file"):
        for form in ("word2vec", "glove", "binary", "fasttext", "native", "npy"):
            arguments = ("--input-format", form, *(["--words", "{folder}/bad.txt"] * (form == "npy")))
            yield Broken(f"{what}, said to be {form}", "bad.txt", content[what], arguments)
    for what, data in (("text", WORD2VEC), ("GloVe", GLOVE), ("binary", BINARY), ("fastText", fasttext())):
        for form in ("word2vec", "glove", "binary", "fasttext", "native"):
            if form.lower() not in {what.lower(), {"text": "word2vec"}.get(what)}:
                yield Broken(f"{what}, said to be {form}", "bad.txt", data, ("--input-format", form))
    yield Broken(
        "a format that there is not", "bad.txt", WORD2VEC, ("--input-format", "word3vec"), "word3vec", source="x"
    )
    yield Broken("--words with text", "bad.txt", WORD2VEC, ("--words", "{folder}/bad.txt"))


def _records() -> Iterator[Broken]:
    rows, head = records(), header()
    word, numbers = WORDS[BAD].encode(), records(b"")[BAD].partition(b" ")[2]
    record = f"record {BAD + 1}:"

    def with_row(row: bytes) -> bytes:
        return head + b"".join([*rows[:BAD], row, *rows[BAD + 1 :]])

    for value in (np.nan, np.inf, -np.inf):
        row = word + b" " + numbers[:8] + np.float32(value).tobytes() + numbers[12:] + b"\n"
        yield Broken(f"binary: {value}", "bad.bin", with_row(row), says=record)
    ways = {
        "no word": b" " + numbers + b"\n",
        "NUL in the word": b"a\0b " + numbers + b"\n",
        "control characters in the word": b"a\x07b " + numbers + b"\n",
        "two line feeds before it": b"\nking " + numbers + b"\n",
        "Latin-1": b"caf\xe9 " + numbers + b"\n",
        "a surrogate in UTF-8": b"\xed\xa0\x80 " + numbers + b"\n",
        "a word of 10,001 bytes": b"a" * 10_001 + b" " + numbers + b"\n",
        "a word of 5 MB": b"a" * 5_000_000 + b" " + numbers + b"\n",
        "a zeroed hole": bytes(len(rows[BAD])),
    }
    for way, row in ways.items():
        yield Broken(f"binary: {way}", "bad.bin", with_row(row), says=record)
    shifted = {
        "a byte too many in a record": word + b" " + numbers + b"\x3f\n",
        "a byte missing in a record": word + b" " + numbers[:-1] + b"\n",
        "a record missing": b"",
        "a record twice over": rows[BAD] * 2,
        "no space after a word": word + numbers + b"\n",
        "a word of two words": b"new york " + numbers + b"\n",
        "CRLF after a record": word + b" " + numbers + b"\r\n",
    }
    for way, row in shifted.items():
        yield Broken(f"binary: {way}", "bad.bin", with_row(row), says="record ")
    yield Broken("binary: cut in the last record", "bad.bin", BINARY[:-8], says=f"record {len(WORDS)}:")
    yield Broken("binary: cut in the fourth record", "bad.bin", head + b"".join(rows[:BAD]) + rows[BAD][:-5], says="")
    for what, extra in (("a byte", b"x"), ("two line feeds", b"\n\n"), ("a record", rows[0]), ("NULs", bytes(100))):
        yield Broken(f"binary: {what} behind its end", "bad.bin", BINARY + extra, says="record ")
    for what, form in (("big-endian", ">f4"), ("64-bit", "<f8"), ("big-endian 64-bit", ">f8"), ("16-bit", "<f2")):
        yield Broken(f"binary: {what} numbers", "bad.bin", head + b"".join(records(form=form)))
    yield Broken(
        "binary: integers", "bad.bin", head + b"".join(records(form="<i4", numbers=[["7", "3", "5", "2"]] * 8))
    )
    yield Broken("binary: line feeds turned to CRLF", "bad.bin", BINARY.replace(b"\n", b"\r\n"))
    yield Broken("binary: passed through a text editor", "bad.bin", BINARY.decode("utf-8", "replace").encode())
    yield Broken("binary: no header", "bad.bin", b"".join(rows))
    yield Broken("binary: no header, but asked for", "bad.bin", b"".join(rows), ("--input-format", "binary"))
    yield Broken("binary: a BOM", "bad.bin", b"\xef\xbb\xbf" + BINARY)
    yield Broken(
        "binary: zeros for numbers", "bad.bin", head + b"".join(f"w{i} ".encode() + bytes(16) for i in range(8))
    )


def _compressed() -> Iterator[Broken]:
    bad_text = header() + b"".join([*lines()[:BAD], b"king 1 2 3 two\n", *lines()[BAD + 1 :]])
    bad_binary = header() + b"".join([*records()[:BAD], b"king " + b"\xff" * 16, *records()[BAD + 1 :]])
    many = b"".join(f"w{i} {i % 97}.5 {i % 89}.25 -1.125 0.5\n".encode() for i in range(4_000))
    for suffix, compress in COMPRESSIONS.items():
        name = f"bad.txt.{suffix}"
        whole = compress(many)
        half = len(whole) // 2
        yield Broken(f"{suffix}: bad text", name, compress(bad_text), says=f"line {BAD + 2}:")
        yield Broken(f"{suffix}: bad binary", f"bad.bin.{suffix}", compress(bad_binary), says=f"record {BAD + 1}:")
        yield Broken(f"{suffix}: nothing in it", name, compress(b""))
        yield Broken(f"{suffix}: HTML in it", name, compress(b"<html>\n<body>\n</body>\n</html>\n"))
        yield Broken(f"{suffix}: itself in it", name, compress(compress(WORD2VEC)))
        yield Broken(f"{suffix}: cut in the middle", name, whole[:half])
        yield Broken(f"{suffix}: cut before its checksum", name, whole[:-7])
        yield Broken(f"{suffix}: only its magic", name, whole[:6])
        flipped = whole[:half] + bytes([whole[half] ^ 16]) + whole[half + 1 :]
        yield Broken(f"{suffix}: a flipped bit", name, flipped)
        yield Broken(f"{suffix}: a zeroed hole", name, whole[:half] + bytes(512) + whole[half + 512 :])
        yield Broken(f"{suffix}: fastText's .bin in it", f"bad.bin.{suffix}", compress(fasttext()))
        array = compress(npy(matrix()))
        yield Broken(f"{suffix}: .npy in it", f"bad.npy.{suffix}", array, ("--words", "{folder}/bad.npy." + suffix))
        if suffix != "zip":
            yield Broken(f"{suffix}: junk behind its end", name, whole + b"junk behind its end")
            yield Broken(f"{suffix}: a cut second stream", name, whole + whole[:-20])
            yield Broken(f"{suffix}: an HTML page behind its end", name, whole + b"<html></html>")
    wrong_sum = gzipped(WORD2VEC)
    yield Broken("gz: a wrong checksum", "bad.gz", wrong_sum[:-8] + b"\0\0\0\0" + wrong_sum[-4:])
    yield Broken("gz: a wrong length", "bad.gz", wrong_sum[:-4] + b"\0\0\0\0")
    wrong_sum = gzipped(BINARY)
    yield Broken("gz: a wrong checksum of binary", "bad.gz", wrong_sum[:-8] + b"\0\0\0\0" + wrong_sum[-4:])
    giant = bytearray(lzma.compress(WORD2VEC))
    giant[16] = 40  # the LZMA2 dictionary: 4 GiB - 1, by the .xz file format, 5.3.1
    giant[20:24] = struct.pack("<I", zlib.crc32(giant[12:20]))
    yield Broken("xz: a dictionary of 4 GiB", "bad.xz", bytes(giant), apart=True)
    yield Broken("zip: nothing in it at all", "bad.zip", zip_of({}))
    nameless = zipped(WORD2VEC, "n").replace(b"n", b"\0")  # a name ends at a NUL
    yield Broken("zip: a member without a name", "bad.zip", nameless)
    yield Broken("zip: two members", "bad.zip", zip_of({"a.txt": WORD2VEC, "b.txt": WORD2VEC}), says="2 files")
    yield Broken("zip: only a folder", "bad.zip", zip_of({"folder/": b""}), says="no file of vectors")
    yield Broken("zip: an .npz", "bad.npz", zip_of({"a.npy": npy(matrix()), "b.npy": npy(matrix())}))
    stored = zipped(WORD2VEC, method=zipfile.ZIP_STORED)
    at = stored.index(b"king")
    yield Broken("zip: a wrong checksum", "bad.zip", stored[:at] + b"Q" + stored[at + 1 :])
    directory = stored.rindex(b"PK\1\2")
    for what, offset, value in (
        ("encrypted", 8, b"\1"), ("an unknown method", 10, b"\x63"), ("a member outside", 42, b"\xff\xff\xff\x0f"),
        ("a member of 4 GB", 20, b"\xf0\xff\xff\xff\xf0\xff\xff\xff"),
    ):  # fmt: skip
        data = bytearray(stored)
        data[directory + offset : directory + offset + len(value)] = value
        if offset in (8, 10):
            data[offset - 2] = value[0]
        yield Broken(f"zip: {what}", "bad.zip", bytes(data))


BOMB_PIECE = 1 << 20


@cache
def _gzip_bomb(content: bytes, pieces: int) -> bytes:
    """A gzip member of repeated flushed pieces, whose decompressed size is unlimited."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    data = content * (BOMB_PIECE // len(content))
    start = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * pieces + packer.flush(zlib.Z_FINISH)


def _bombs() -> Iterator[Broken]:
    for what, content in (
        ("zeros", b"\0"), ("spaces", b" "), ("line feeds", b"\n"), ("rows", b"a 1 2 3\n"), ("one line", b"1 "),
        ("one word", b"a"), ("words", b"a\n"),
    ):  # fmt: skip
        bomb = _gzip_bomb(content, 480)
        yield Broken(f"gz bomb of {what}", "bad.txt.gz", bomb, apart=what in ("spaces", "rows"))
    yield Broken("gz bomb behind a header", "bad.gz", _gzip_bomb(b"99999999 300\n" + b"a" * 51, 480))
    rows = b"a 1 2 3\n" * (BOMB_PIECE // 8)
    yield Broken("bz2 bomb", "bad.bz2", bz2.compress(rows) * 320, apart=True)
    yield Broken("xz bomb", "bad.xz", lzma.compress(rows, preset=1) * 320, apart=True)
    for what, content, method in (
        ("", rows * 40, zipfile.ZIP_DEFLATED), (" with bzip2", bytes(BOMB_PIECE * 160), zipfile.ZIP_BZIP2),
        (" with LZMA", bytes(BOMB_PIECE * 40), zipfile.ZIP_LZMA),
    ):  # fmt: skip

        def write(folder: Path, content: bytes = content, method: int = method) -> None:
            (folder / "bad.zip").write_bytes(zipped(content, method=method))

        yield Broken(f"zip bomb{what}", "bad.zip", write, apart=True)
    trailing = gzipped(b"".join(lines()[:3]) + lines()[3][:-1] + b" " * (1 << 21) + b"\n")
    yield Broken("gz of a row with 2 MB of trailing spaces", "bad.gz", trailing + gzipped(b"king 1\n"), apart=True)


def _not_plain_files() -> Iterator[Broken]:
    def unix_socket(folder: Path) -> None:
        here = os.getcwd()
        os.chdir(folder)  # the path of a socket may have 108 characters
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("bad")
        os.chdir(here)

    yield Broken("a FIFO", "bad", lambda folder: os.mkfifo(folder / "bad"))
    yield Broken("a folder", "bad", lambda folder: (folder / "bad").mkdir())
    yield Broken("a link to /dev/zero", "bad", lambda folder: (folder / "bad").symlink_to("/dev/zero"))
    yield Broken("a socket", "bad", unix_socket, status=4)
    yield Broken("a link to nothing", "bad", lambda folder: (folder / "bad").symlink_to("missing"), status=4)
    yield Broken("a link to itself", "bad", lambda folder: (folder / "bad").symlink_to("bad"), status=4)
    yield Broken("a file that is missing", "bad", lambda folder: None, status=4)
    yield Broken("a folder that is missing", "bad", lambda folder: None, status=4, source="{folder}/not/there.txt")
    yield Broken("below a file", "bad", b"", status=4, source="{folder}/bad/there.txt")
    yield Broken("a name that is too long", "bad", b"", status=4, source="{folder}/" + "x" * 300 + ".txt")
    for device in ("/dev/zero", "/dev/null", "/dev/urandom"):
        yield Broken(device, "bad", lambda folder: None, source=device)
    yield Broken("a file that cannot be read", "mem", lambda folder: None, status=4, source="/proc/self/mem")
    for url in ("https://nlp.stanford.edu/data/glove.6B.zip", "file:///etc/passwd", "s3://bucket/glove.txt"):
        yield Broken(f"an address: {url}", "bad", lambda folder: None, source=url)
    yield Broken("nothing", "bad", lambda folder: None, says="folder", source="")


# Pickles ----------------------------------------------------------------------------------------------------


def instance(attributes: bytes, module: str = "gensim.models.keyedvectors", name: str = "KeyedVectors") -> bytes:
    """A pickle of an object with these attributes, given as a pickle without frame and end."""
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b")\x81" + attributes + b"b."


def _inside(value: Any, protocol: int = 2) -> bytes:
    return pickle.dumps(value, protocol)[2:-1]


def saved(**attributes: Any) -> bytes:
    """A KeyedVectors with any attributes."""
    return instance(_inside(attributes))


def _pickles() -> Iterator[Broken]:
    vectors, words = matrix(), list(WORDS)
    plain = {
        "a dict": {"king": [1.0, 2.0]}, "a list": words, "a number": 1, "None": None, "an array": vectors,
        "a string": "king", "words and vectors, but no object": {"index_to_key": words, "vectors": vectors},
    }  # fmt: skip
    for what, value in plain.items():
        for protocol in (2, 5):
            yield Broken(f"a pickle of {what}, protocol {protocol}", "bad.kv", pickle.dumps(value, protocol))
    hurt = vectors.copy()
    hurt[BAD, 1] = np.nan
    attributes: dict[str, dict[str, Any]] = {
        "no vectors": {"index_to_key": words},
        "no words": {"vectors": vectors},
        "nothing": {},
        "too few words": {"index_to_key": words[:-1], "vectors": vectors},
        "too many words": {"index_to_key": [*words, "x"], "vectors": vectors},
        "an empty word": {"index_to_key": ["", *words[1:]], "vectors": vectors},
        "None for a word": {"index_to_key": [None, *words[1:]], "vectors": vectors},
        "fractions for words": {"index_to_key": [row + 0.5 for row in range(8)], "vectors": vectors},
        "truth values for words": {"index_to_key": [True] * 8, "vectors": vectors},
        "bytes for words": {"index_to_key": [word.encode() for word in words], "vectors": vectors},
        "NUL in a word": {"index_to_key": ["a\0b", *words[1:]], "vectors": vectors},
        "half a surrogate in a word": {"index_to_key": ["\ud800", *words[1:]], "vectors": vectors},
        "a string for words": {"index_to_key": "abcdefgh", "vectors": vectors},
        "an array for words": {"index_to_key": np.array(words), "vectors": vectors},
        "an array of numbers for words": {"index_to_key": np.arange(8), "vectors": vectors},
        "a dict for words": {"index_to_key": dict.fromkeys(words), "vectors": vectors},
        "a list for vectors": {"index_to_key": words, "vectors": vectors.tolist()},
        "flat vectors": {"index_to_key": words, "vectors": vectors[:, 0]},
        "vectors of three axes": {"index_to_key": words, "vectors": vectors[:, :, None]},
        "vectors of no numbers": {"index_to_key": words, "vectors": vectors[:, :0]},
        "no rows": {"index_to_key": [], "vectors": vectors[:0]},
        "whole numbers": {"index_to_key": words, "vectors": vectors.astype(int)},
        "complex numbers": {"index_to_key": words, "vectors": vectors.astype(complex)},
        "objects for numbers": {"index_to_key": words, "vectors": vectors.astype(object)},
        "text for numbers": {"index_to_key": words, "vectors": vectors.astype(str)},
        "a number that is too large": {"index_to_key": words, "vectors": vectors.astype(float) * 1e300},
        "the other byte order, wrongly": {"index_to_key": words, "vectors": vectors.byteswap()},
        "a number for __numpys": {"index_to_key": words, "__numpys": 1},
        "vectors in a file that is not there": {"index_to_key": words, "__numpys": ["vectors"]},
        "a string for wv": {"wv": "x", "vectors": vectors},
    }  # fmt: skip
    for what, held in attributes.items():
        yield Broken(f"KeyedVectors with {what}", "bad.kv", saved(**held))
    yield Broken("KeyedVectors with NaN", "bad.kv", saved(index_to_key=words, vectors=hurt), says=f"row {BAD + 1}")
    whole = saved(index_to_key=words, vectors=vectors)
    yield Broken("KeyedVectors with something behind", "bad.kv", whole + b"something behind")
    yield Broken("KeyedVectors, gz, cut before its checksum", "bad.kv.gz", gzipped(whole)[:-8])
    yield Broken("KeyedVectors, gz, with a wrong checksum", "bad.kv.gz", gzipped(whole)[:-8] + bytes(8))

    # a list that contains a list twice, which contains a list twice, and so on
    laughs = b"]q\x00" + b"".join(b"0](h" + bytes([i]) + b"h" + bytes([i]) + b"eq" + bytes([i + 1]) for i in range(60))
    tuples = b"K\x01" + b"2\x86" * 60  # (x, x) of (x, x) of …: 2⁶⁰ steps to hash or to show
    deep = b"K\x01" + b"\x85" * 3_000_000
    hostile = {
        "a memo of 4 billion entries": b"\x80\x02Nr\xff\xff\xff\xff.",
        "the 4 billionth of its memo": b"\x80\x02j\xff\xff\xff\xff.",
        "bytes without end": b"\x80\x04\x8e" + struct.pack("<Q", 10**12) + b"x.",
        "2 GB of bytes": b"\x80\x03B" + struct.pack("<I", 2**31 - 1) + b"x.",
        "text without end": b"\x80\x04\x8d" + struct.pack("<Q", 10**12) + b"x.",
        "a bytearray without end": b"\x80\x05\x96" + struct.pack("<Q", 10**12) + b"x.",
        "a frame without end": b"\x80\x04\x95" + struct.pack("<Q", 10**12) + b"N.",
        "a negative length": b"\x80\x02T" + struct.pack("<i", -1) + b"x.",
        "a number of 2 GB": b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"x.",
        "a number of 100,000 digits": b"\x80\x02I" + b"9" * 100_000 + b"\n.",
        "protocol 255": b"\x80\xffN.",
        "an unknown code": b"\x80\x02\xfe.",
        "an end without a beginning": b"\x80\x02.",
        "out-of-band buffers": b"\x80\x05\x97.",
        "a reference outside": b"\x80\x02X\x01\x00\x00\x00xQ.",
        "an extension": b"\x80\x02\x82\x01.",
        "a deep nest": b"\x80\x02" + b"(" * 200_000 + b".",
        "a deep nest of lists": b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".",
        "a tuple of tuples as a key": b"\x80\x02}" + tuples + b"K\x01s.",
        "a tuple of tuples as an attribute": instance(b"}" + tuples + b"K\x01s"),
        "a million nested tuples as a key": b"\x80\x02}" + deep + b"K\x01s.",
        "a list of lists of lists for a word": instance(
            b"}(X\x0c\x00\x00\x00index_to_key](" + laughs + b"N" * 7 + b"eX\x07\x00\x00\x00vectors"
            + _inside(vectors) + b"u"
        ),
        "a tuple in a tuple in a tuple for a word": instance(
            b"}(X\x0c\x00\x00\x00index_to_key](K\x01" + b"\x85" * 200_000 + b"eX\x07\x00\x00\x00vectors"
            + _inside(vectors[:1]) + b"u"
        ),
        "an array of a GB that nobody filled": instance(
            b"}(X\x0c\x00\x00\x00index_to_key](X\x01\x00\x00\x00aeX\x07\x00\x00\x00vectorscnumpy\nndarray\n"
            b"K\x01J\x00\x00\x00\x10\x86X\x02\x00\x00\x00f4\x86Ru"
        ),
        "an array of a terabyte": b"\x80\x02cnumpy\nndarray\n\x8a\x06" + (10**12).to_bytes(6, "little") + b"\x85R.",
        "an array of 8 GB": saved_array(b"\x8a\x04" + (2**30 - 1).to_bytes(4, "little")),
        "bytes of a number": b"\x80\x02c__builtin__\nbytearray\n\x8a\x06" + (10**12).to_bytes(6, "little") + b"\x85R.",
        "an array of pointers": b"\x80\x05cnumpy._core.numeric\n_frombuffer\n(C\x08" + b"\x41" * 8
            + b"cnumpy\ndtype\nX\x02\x00\x00\x00O8\x85RK\x01\x85X\x01\x00\x00\x00CtR.",
        "an array larger than its bytes": b"\x80\x05cnumpy._core.numeric\n_frombuffer\n(C\x08" + b"\x41" * 8
            + b"cnumpy\ndtype\nX\x02\x00\x00\x00f4\x85R\x8a\x06" + (10**12).to_bytes(6, "little")
            + b"\x85X\x01\x00\x00\x00CtR.",
        "an array of objects larger than its list": pickle.dumps(vectors.astype(object), 2).replace(
            b"K\x08K\x04\x86", b"K\xffK\x04\x86"
        ),
        "an array of objects larger than any list": pickle.dumps(vectors.astype(object), 2).replace(
            b"K\x08K\x04\x86", b"J\xff\xff\xff\x7fK\x04\x86"
        ),
        "an array of objects of a negative shape": pickle.dumps(vectors.astype(object), 2).replace(
            b"K\x08K\x04\x86", b"J\xf8\xff\xff\xffJ\xfc\xff\xff\xff\x86"
        ),
        "a scalar that is a pointer": b"\x80\x02cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\x00\x00\x00O8"
            b"\x85RC\x08" + b"\x41" * 8 + b"\x86R.",
        "an array that nobody filled": instance(
            b"}(X\x0c\x00\x00\x00index_to_key](" + b"X\x01\x00\x00\x00aX\x01\x00\x00\x00be"
            + b"X\x07\x00\x00\x00vectorscnumpy\nndarray\nK\x02K\x04\x86X\x02\x00\x00\x00f4\x86Ru"
        ),
    }  # fmt: skip
    for what, data in hostile.items():
        apart = any(hint in what for hint in ("tuples", "lists", "nest", "GB", "terabyte", "billion", "without end"))
        yield Broken(f"a pickle with {what}", "bad.kv", data, ("--input-format", "native"), apart=apart)


def saved_array(count: bytes) -> bytes:
    """A pickle of numpy.ndarray(count)."""
    return b"\x80\x02cnumpy\nndarray\n" + count + b"\x85R."


class _Reduces:
    """An object that is pickled as a function call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call

    def __call__(self) -> None:
        """pickle requires a callable; this one is never called."""


def _payloads() -> Iterator[Broken]:
    """Pickles that would create the file `marker`; protocols 0 and 1 have no magic, so they are also forced."""
    import functools
    import subprocess
    import sys

    touch = "touch {folder}/marker"
    code = "open({folder!r} + '/marker', 'w').close()"
    calls: dict[str, Callable[[Path], Any]] = {
        "os.system": lambda f: _Reduces(os.system, touch.format(folder=f)),
        "eval": lambda f: _Reduces(eval, code.format(folder=str(f))),
        "exec": lambda f: _Reduces(exec, code.format(folder=str(f))),
        "subprocess": lambda f: _Reduces(subprocess.Popen, [sys.executable, "-c", code.format(folder=str(f))]),
        "a nested getattr": lambda f: _Reduces(_Reduces(getattr, Path(f) / "marker", "touch")),
        "functools.partial": lambda f: _Reduces(functools.partial(os.system, touch.format(folder=f))),
    }
    for what, make in calls.items():
        for protocol in range(6):
            for suffix in ("", ".gz"):

                def write(folder: Path, make: Any = make, protocol: int = protocol, suffix: str = suffix) -> None:
                    data = pickle.dumps(make(folder), protocol)
                    (folder / f"bad.kv{suffix}").write_bytes(gzipped(data) if suffix else data)

                arguments = ("--input-format", "native") if protocol < 2 and suffix == "" else ()
                title = f"payload {what}, protocol {protocol}{suffix and ', gz'}"
                yield Broken(title, f"bad.kv{suffix}", write, arguments)

    def text(value: str) -> bytes:
        data = value.encode()
        return b"X" + struct.pack("<I", len(data)) + data

    def stacked(module: str, name: str) -> bytes:
        return text(module) + text(name) + b"\x93"

    crafted: dict[str, Callable[[str], bytes]] = {
        "os.system in an attribute": lambda f: instance(b"}" + text("x") + b"cposix\nsystem\n" + text(f) + b"\x85Rs"),
        "os.system as INST": lambda f: b"\x80\x02(" + text(f) + b"iposix\nsystem\n.",
        "os.system as OBJ": lambda f: b"\x80\x02(cposix\nsystem\n" + text(f) + b"o.",
        "a dotted name": lambda f: b"\x80\x04" + stacked("numpy", "os.system") + text(f) + b"\x85R.",
        "a name through gensim": lambda f: b"\x80\x04" + stacked("gensim.utils", "os.system") + text(f) + b"\x85R.",
        "a name through gensim, dotted": lambda f: (
            b"\x80\x04" + stacked("gensim", "utils.os.system") + text(f) + b"\x85R."
        ),
        "a module that begins like gensim's": lambda f: b"\x80\x02cgensimx\nsystem\n" + text(f) + b"\x85R.",
        "numpy.load": lambda f: b"\x80\x02cnumpy\nload\n" + text(f"{f}") + b"\x85R.",
        "numpy.fromfile": lambda f: b"\x80\x02cnumpy\nfromfile\n" + text("/dev/zero") + b"\x85R.",
        "numpy.testing": lambda f: b"\x80\x02cnumpy.testing._private.utils\nrunstring\n" + text(f) + b"}\x86R.",
        "copyreg around os.system": lambda f: (
            b"\x80\x02ccopyreg\n_reconstructor\ncposix\nsystem\n" + text(f) + b"N\x87R."
        ),
        "copyreg's registry": lambda f: (
            b"\x80\x02ccopyreg\nadd_extension\n"
            + text("posix")
            + text("system")
            + b"K\x01\x87R\x82\x01"
            + text(f)
            + b"\x85R."
        ),
        "BUILD of an allowed function": lambda f: (
            b"\x80\x02c_codecs\nencode\nN}" + text("__code__") + text(f) + b"s\x86b."
        ),
        "an object array": lambda f: (
            b"\x80\x02cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n"
            + text("O")
            + b"\x85Rcposix\nsystem\n"
            + text(f)
            + b"\x85R\x86R."
        ),
        "pathlib": lambda f: b"\x80\x02cpathlib\nPosixPath\n" + text(f.split()[-1]) + b"\x85R.",
        "builtins.open": lambda f: b"\x80\x02cbuiltins\nopen\n" + text(f.split()[-1]) + text("w") + b"\x86R.",
        "__builtin__.open": lambda f: b"\x80\x02c__builtin__\nopen\n" + text(f.split()[-1]) + text("w") + b"\x86R.",
        "a pickle in a pickle": lambda f: b"\x80\x02cpickle\nloads\nB" + b"\x00\x00\x00\x00\x85R.",
    }
    for what, craft in crafted.items():
        for suffix in ("", ".gz"):

            def write_crafted(folder: Path, craft: Any = craft, suffix: str = suffix) -> None:
                data = craft(touch.format(folder=folder))
                (folder / f"bad.model{suffix}").write_bytes(gzipped(data) if suffix else data)

            yield Broken(f"payload {what}{suffix and ', gz'}", f"bad.model{suffix}", write_crafted)


def _beside() -> Iterator[Broken]:
    """gensim's two-part files with one broken part."""

    def with_array(data: bytes | None) -> Write:
        def write(folder: Path) -> None:
            keyed_vectors(folder / "bad.kv", sep_limit=1)
            beside = folder / "bad.kv.vectors.npy"
            assert beside.is_file()
            beside.unlink()
            if data is not None:
                beside.write_bytes(data)

        return write

    whole = npy(matrix())
    hurt = matrix()
    hurt[2, 2] = np.inf
    parts: dict[str, bytes | None] = {
        "missing": None,
        "empty": b"",
        "cut in its numbers": whole[:-4],
        "cut in its header": whole[:60],
        "too long": whole + b"\0\0\0\0",
        "of too few rows": npy(matrix()[:-1]),
        "of too many rows": npy(np.vstack([matrix(), matrix()])),
        "of objects": npy(matrix().astype(object)),
        "of whole numbers": npy(matrix().astype(int)),
        "flat": npy(matrix().ravel()),
        "not finite": npy(hurt),
        "of the other byte order, wrongly": npy(matrix().byteswap()),
        "a pickle": pickle.dumps(matrix()),
        "an .npz": zip_of({"a.npy": whole}),
        "HTML": b"<html></html>",
        "one with an unended header": npy_with_header(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (8, 4", b"\0" * 128
        ),
    }
    for what, data in parts.items():
        yield Broken(f"KeyedVectors beside an array that is {what}", "bad.kv", with_array(data))

    def a_fifo(folder: Path) -> None:
        with_array(None)(folder)
        os.mkfifo(folder / "bad.kv.vectors.npy")

    yield Broken("KeyedVectors beside an array that is a FIFO", "bad.kv", a_fifo)


def _arrays() -> Iterator[Broken]:
    def with_words(words: bytes, array: bytes = b"") -> Write:
        def write(folder: Path) -> None:
            (folder / "bad.npy").write_bytes(array or npy(matrix()))
            (folder / "bad.words").write_bytes(words)

        return write

    arguments = ("--words", "{folder}/bad.words")
    lists = {
        "too few": (word_list(WORDS[:-1]), "bad.words"),
        "too many": (word_list([*WORDS, "x"]), "bad.words"),
        "none": (b"", "bad.words"),
        "an empty one": (word_list([*WORDS[:3], "", *WORDS[4:]]), "bad.words, line 4"),
        "NUL in one": (word_list([*WORDS[:3], "\0", *WORDS[4:]]), "bad.words, line 4"),
        "Latin-1": (word_list().replace("é".encode(), b"\xe9"), "bad.words, line 3"),
        "UTF-16": (word_list().decode().encode("utf-16"), "bad.words, line 1"),
        "one of 10,001 bytes": (word_list(["x" * 10_001, *WORDS[1:]]), "bad.words, line 1"),
        "one of 50 MB": (b"x" * 50_000_000, "bad.words, line 1"),
        "a cut gz": (gzipped(word_list())[:-9], "bad.words"),
        "a gz bomb": (_gzip_bomb(b"\0", 30), "bad.words"),
    }
    for what, (words, says) in lists.items():
        yield Broken(f".npy with words: {what}", "bad.npy", with_words(words), arguments, says)
    yield Broken(".npy without words", "bad.npy", npy(matrix()), says="--words")
    yield Broken(".npy with words that are missing", "bad.npy", npy(matrix()), arguments, "bad.words", status=4)
    yield Broken(".npy with words in a folder", "bad.npy", npy(matrix()), ("--words", "{folder}"), "is a folder")
    yield Broken(".npy with words from /dev/zero", "bad.npy", npy(matrix()), ("--words", "/dev/zero"), "/dev/zero")
    yield Broken(".npy with itself for words", "bad.npy", npy(matrix()), ("--words", "{folder}/bad.npy"))
    hurt = matrix()
    hurt[BAD, 0] = np.nan
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (8, 4), }"
    data, three = matrix().tobytes(), b"\3\0"
    arrays = {
        "of objects": npy(np.array([[{}]] * 8, dtype=object)),
        "of whole numbers": npy(matrix().astype(int)),
        "of truth values": npy(matrix() > 0),
        "of text": npy(matrix().astype(str)),
        "of complex numbers": npy(matrix().astype(complex)),
        "of long doubles": npy(matrix().astype(np.longdouble)),
        "of records": npy(np.zeros(8, [("a", "f4"), ("b", "f4")])),
        "flat": npy(matrix()[:, 0]),
        "of three axes": npy(matrix()[:, :, None]),
        "a number alone": npy(np.float32(1)),
        "of no rows": npy(matrix()[:0]),
        "of no numbers": npy(matrix()[:, :0]),
        "of zeros": npy(matrix() * 0),
        "of the other byte order, wrongly": npy(matrix().byteswap()),
        "of numbers that are too large": npy(matrix().astype(float) * 1e200),
        "cut": npy(matrix())[:-1],
        "cut to its header": npy(matrix())[:128],
        "cut in its header": npy(matrix())[:90],
        "cut to its magic": npy(matrix())[:6],
        "cut in its length": npy(matrix())[:9],
        "too long": npy(matrix()) + b"\0",
        "of version 9": b"\x93NUMPY\x09\x00" + npy(matrix())[8:],
        "with a header of 4 GB": npy_with_header(head, data, b"\2\0", length=2**32 - 1),
        "with a header of 4 GB, version 3": npy_with_header(head, data, three, length=2**32 - 1),
        "with a header that does not end": npy_with_header(head[:-4], data),
        "with a header of brackets": npy_with_header("(" * 9000, data),
        "with a header of brackets, version 3": npy_with_header("(" * 9000, data, three),
        "with a header of minus signs": npy_with_header("-" * 9000 + "1", data, three),
        "with a header of quotes": npy_with_header("'''" + head, data),
        "with a header of NULs": npy_with_header("\0" * 100, data),
        "with a header of code": npy_with_header("__import__('os').system('touch marker')", data),
        "with an empty header": npy_with_header("", data),
        "with a header that is a list": npy_with_header("[1, 2]", data),
        "with a key too many": npy_with_header(head[:-1] + "'x': 1}", data),
        "with a negative shape": npy_with_header(head.replace("(8, 4)", "(-8, -4)"), data),
        "with a huge shape": npy_with_header(head.replace("(8, 4)", "(4611686018427387904, 4)"), data),
        "with a shape of 2^64 rows": npy_with_header(head.replace("(8, 4)", "(18446744073709551616, 4)"), data),
        "with a shape of fractions": npy_with_header(head.replace("(8, 4)", "(8.0, 4.0)"), data),
        "with a shape of text": npy_with_header(head.replace("(8, 4)", "'84'"), data),
        "with a shape of its own numbers": npy_with_header(head.replace("(8, 4)", "(8, 5)"), data),
        "with an unknown type": npy_with_header(head.replace("<f4", "<q9"), data),
        "with a type that is a number": npy_with_header(head.replace("'<f4'", "4"), data),
        "with a type of types": npy_with_header(head.replace("'<f4'", "[('a', '<f4'), ('a', '<f4')]"), data),
        "with a type of nothing": npy_with_header(head.replace("<f4", ""), data),
        "of version 1 with an L in its shape": npy_with_header(head.replace("(8, 4)", "(9L, 4L)"), data),
    }  # fmt: skip
    for what, array in arrays.items():
        yield Broken(f".npy {what}", "bad.npy", with_words(word_list(), array), arguments)
    yield Broken(".npy with NaN", "bad.npy", with_words(word_list(), npy(hurt)), arguments, f"row {BAD + 1}")


def _fasttext() -> Iterator[Broken]:
    data = fasttext()
    places = fasttext_places(data)

    def changed(at: int, form: str, value: Any) -> bytes:
        buffer = bytearray(data)
        struct.pack_into(form, buffer, at, value)
        return bytes(buffer)

    ways = {
        "version 10": changed(4, "<i", 10),
        "version 13": changed(4, "<i", 13),
        "no numbers in a vector": changed(8, "<i", 0),
        "vectors of -1 numbers": changed(8, "<i", -1),
        "vectors of 2 billion numbers": changed(8, "<i", 2**31 - 1),
        "a number less in each vector": changed(8, "<i", struct.unpack_from("<i", data, 8)[0] - 1),
        "2 billion words": changed(64, "<i", 2**31 - 1),
        "2 billion words, twice": struct.pack("<ii", 2**31 - 1, 2**31 - 1).join([data[:64], data[72:]]),
        "no words": changed(64, "<i", 0),
        "-1 words": changed(64, "<i", -1),
        "a word less": changed(64, "<i", struct.unpack_from("<i", data, 64)[0] - 1),
        "2 billion labels": changed(72, "<i", 2**31 - 1),
        "a pruned index without end": changed(84, "<q", 2**62),
        "a word that does not end": data[: places.words] + b"x" * (len(data) - places.words),
        "a word that is not UTF-8": changed(places.words, "<B", 0xFF),
        "a quantised matrix": changed(places.matrix, "<B", 1),
        "a matrix of -1 rows": changed(places.matrix + 1, "<q", -1),
        "a matrix of 2^62 rows": changed(places.matrix + 1, "<q", 2**62),
        "a matrix of a row less": changed(
            places.matrix + 1, "<q", struct.unpack_from("<q", data, places.matrix + 1)[0] - 1
        ),
        "a matrix of 0 columns": changed(places.matrix + 9, "<q", 0),
        "a matrix of 2^62 columns": changed(places.matrix + 9, "<q", 2**62),
        "NaN": changed(places.matrix + 17 + 40, "<f", float("nan")),
        "infinity": changed(places.matrix + 17, "<f", float("inf")),
        "NaN in its output": changed(places.output + 17, "<f", float("nan")),
        "an output of 2^62 rows": changed(places.output + 1, "<q", 2**62),
        "a byte behind its end": data + b"\0",
        "itself behind its end": data + data,
        "a zeroed hole in its words": data[: places.words + 5] + bytes(60) + data[places.words + 65 :],
        "zeros from the middle on": data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
        "zeros in place of its numbers": data[: places.matrix + 17]
        + bytes(places.output - places.matrix - 17)
        + data[places.output :],
        "its numbers the wrong way round": data[: places.matrix + 17]
        + np.frombuffer(data[places.matrix + 17 : places.output], "<f4").byteswap().tobytes()
        + data[places.output :],
        "only its magic": data[:4],
        "only its header": data[:64],
        "no output matrix": data[: places.output],
    }
    for what, content in ways.items():
        yield Broken(f"fastText .bin with {what}", "bad.bin", content)
    for part in (10, 25, 50, 75, 90, 99):
        yield Broken(f"fastText .bin cut at {part} %", "bad.bin", data[: len(data) * part // 100])
    yield Broken(
        "the header of a fastText .bin only, of another", "bad.bin", gensim_file("lee_fasttext_new.bin")[:100_000]
    )


def _names() -> Iterator[Broken]:
    for name in (
        "../x", "a/b", "/tmp/x", "..", ".", ".x", "-x", "", " ", "a b", "é", "a\n", "a\x1b[31m", "x" * 101, "~", "a\\b",
        "con:", "%2e%2e", "a*", "𝒳",
    ):  # fmt: skip
        says = "cannot be the name of a model"
        yield Broken(
            f"the name {name[:20]!a}", "bad.txt", WORD2VEC, (f"--name={name}",), says, source="{folder}/bad.txt"
        )


def _through_gensim() -> Iterator[Broken]:
    """Broken files that gensim accepts, and that `--reader gensim` must reject."""
    rows = b"".join(lines())
    files = {
        "NaN": ("bad.txt", WORD2VEC.replace(NUMBERS[BAD][0].encode(), b"nan", 1)),
        "too few rows": ("bad.txt", header(9) + rows),
        "too few rows of binary": ("bad.bin", header(9) + b"".join(records())),
        "a header of 200,000,000 rows": ("bad.txt", header(200_000_000, 4) + rows),
        "a header of 200,000,000 rows of binary": ("bad.bin", header(200_000_000, 4) + b"".join(records())),
        "a header of 200,000,000 rows, gz": ("bad.txt.gz", gzipped(header(200_000_000, 4) + rows)),
        "a header of 10^12 rows": ("bad.txt", header(10**12, 4) + rows),
        "big-endian binary": ("bad.bin", header() + b"".join(records(form=">f4"))),
        "a row with one number": ("bad.txt", header() + b"".join([*lines()[:BAD], b"x 0.5\n", *lines()[BAD + 1 :]])),
        "a word list": ("bad.txt", word_list()),
        "Latin-1": ("bad.txt", WORD2VEC.replace("é".encode(), b"\xe9")),
        "a cut gz": ("bad.txt.gz", gzipped(WORD2VEC)[:-20]),
        "a FIFO": ("bad", b""),
    }  # fmt: skip
    for what, (name, data) in files.items():
        content: bytes | Write = (lambda folder: os.mkfifo(folder / "bad")) if what == "a FIFO" else data
        yield Broken(f"through gensim: {what}", name, content, ("--reader", "gensim"), apart="200,000,000" in what)


# Good files -------------------------------------------------------------------------------------------------

STRANGE_NUMBERS = [
    ["-0", "1e-5", ".5", "5."],
    ["+1", "-.25", "1E2", "1e+2"],
    ["0.12345678901234567", "123456789.12345678", "1e-40", "1"],
    ["1.17549421e-38", "1e-45", "-1e-46", "2"],
    ["16777217", "16777219", "0.1000000000000000055511151231257827", "3"],
    ["340282346638528859811704183484516925440e-38", "00012.5", "-0.0", "1"],
    ["1e-400", "1", "-1", "0"],
    ["1.00000017881393432617187499", "1.00000017881393432617187500", "1.00000017881393432617187501", "1"],
]


def good() -> list[Good]:
    """All cases."""
    rows, head = lines(), header()
    spaced = ["the", ". . .", "at name@domain.com", "new york", ". . . .", "king", "a b", "1 b x"]
    twice = [*WORDS[:6], "king", "the"]
    doubled = np.array(NUMBERS, float)
    # A few unusual lengths among many; more would indicate a wrong format.
    strange = [*STRANGE_NUMBERS, *NUMBERS * 100]
    many = [f"w{row}" for row in range(len(strange))]

    def array(data: bytes, words: bytes) -> Write:
        def write(folder: Path) -> None:
            (folder / "good.npy").write_bytes(data)
            (folder / "good.words").write_bytes(words)

        return write

    named = ("--words", "{folder}/good.words")
    cases = [
        Good("word2vec text", "good.txt", WORD2VEC),
        Good("GloVe text", "good.txt", GLOVE),
        Good("fastText .vec", "good.vec", FASTTEXT_VEC),
        Good("word2vec binary", "good.bin", BINARY),
        Good("a BOM before a header", "good.txt", b"\xef\xbb\xbf" + WORD2VEC, notes=["byte order mark"]),
        Good("a BOM before a row", "good.txt", b"\xef\xbb\xbf" + GLOVE, notes=["byte order mark"]),
        Good("CRLF", "good.txt", WORD2VEC.replace(b"\n", b"\r\n"), notes=["CRLF"]),
        Good("CRLF without a header", "good.txt", GLOVE.replace(b"\n", b"\r\n"), notes=["CRLF"]),
        Good("spaces and CRLF", "good.vec", FASTTEXT_VEC.replace(b"\n", b"\r\n"), notes=["CRLF"]),
        Good("tabs", "good.txt", GLOVE.replace(b" ", b"\t"), notes=["tabs"]),
        Good("tabs, also in the header", "good.txt", WORD2VEC.replace(b" ", b"\t"), notes=["tabs"]),
        Good(
            "a tab after the word only",
            "good.txt",
            b"".join(row.replace(b" ", b"\t", 1) for row in rows),
            notes=["tabs"],
        ),
        Good("blank last lines", "good.txt", WORD2VEC + b"\n\n\n", notes=["blank lines"]),
        Good(
            "blank last lines of CRLF",
            "good.txt",
            GLOVE.replace(b"\n", b"\r\n") + b"\r\n\r\n",
            notes=["blank lines", "CRLF"],
        ),
        Good("trailing spaces", "good.txt", b"".join(lines(end="   "))),
        Good(
            "a space at the end of some lines", "good.txt", head + rows[0].replace(b"\n", b" \n") + b"".join(rows[1:])
        ),
        Good("a header with spaces around", "good.txt", b" 8  4 \n" + GLOVE),
        Good("words with spaces", "good.txt", b"".join(lines(words=spaced)), spaced),
        Good("words with spaces, header", "good.txt", head + b"".join(lines(words=spaced)), spaced),
        Good(
            "duplicates",
            "good.txt",
            b"".join(lines(words=twice)),
            WORDS[:6],
            NUMBERS[:6],
            ["skipped 2 duplicate words"],
        ),
        Good(
            "duplicates in binary",
            "good.bin",
            head + b"".join(records(words=twice)),
            WORDS[:6],
            NUMBERS[:6],
            ["skipped 2 duplicate words"],
        ),
        Good("only one word", "good.txt", rows[1], WORDS[1:2], NUMBERS[1:2]),
        Good("only one number", "good.txt", b"a 1\nb -2.5\n", ["a", "b"], [["1"], ["-2.5"]]),
        Good("strange numbers", "good.txt", b"".join(lines("", many, strange)), many, strange),
        Good(
            "strange numbers, header", "good.txt", header(len(many)) + b"".join(lines("", many, strange)), many, strange
        ),
        Good("binary without line feeds", "good.bin", head + b"".join(records(feed=b""))),
        Good("binary without a last line feed", "good.bin", BINARY[:-1], notes=[""]),
        Good("binary with a line feed at its end only", "good.bin", head + b"".join(records(feed=b"")) + b"\n"),
        Good(
            "binary whose numbers begin with a line feed",
            "good.bin",
            b"2 1\na \n\0\0@b \n\0\x80?\n",
            ["a", "b"],
            [["2.0000023841857910"], ["1.0000011920928955"]],
        ),
        Good("text called .bin", "good.bin", WORD2VEC, notes=[""]),
        Good("binary called .txt", "good.txt", BINARY, notes=[""]),
        Good("gz called .txt", "good.txt", gzipped(WORD2VEC), notes=[""]),
        Good("text called .gz", "good.gz", WORD2VEC, notes=[""]),
        Good("a format that is named", "good.bin", BINARY, arguments=["--input-format", "binary"]),
        Good("two gz members", "good.txt.gz", gzipped(WORD2VEC[:70]) + gzipped(WORD2VEC[70:])),
        Good("a gz with padding", "good.txt.gz", gzipped(WORD2VEC) + bytes(512)),
        Good("two bz2 streams", "good.txt.bz2", bz2.compress(WORD2VEC[:70]) + bz2.compress(WORD2VEC[70:])),
        Good("two xz streams", "good.txt.xz", lzma.compress(WORD2VEC[:70]) + lzma.compress(WORD2VEC[70:])),
        Good("a zip with a folder", "good.zip", zip_of({"folder/": b"", "folder/a.txt": WORD2VEC})),
        Good("a zip that is not compressed", "good.zip", zipped(WORD2VEC, method=zipfile.ZIP_STORED)),
        Good("a zip that climbs", "good.zip", zip_of({"../../a.txt": WORD2VEC})),
        Good(".npy", "good.npy", array(npy(matrix()), word_list()), arguments=named),
        Good(".npy by columns", "good.npy", array(npy(np.asfortranarray(matrix())), word_list()), arguments=named),
        Good(
            ".npy of the other byte order", "good.npy", array(npy(matrix().astype(">f4")), word_list()), arguments=named
        ),
        Good(".npy of 64 bits", "good.npy", array(npy(doubled), word_list()), notes=["rounded"], arguments=named),
        Good(
            ".npy with a word list of CRLF, BOM and no end",
            "good.npy",
            array(npy(matrix()), b"\xef\xbb\xbf" + word_list().replace(b"\n", b"\r\n")[:-2]),
            arguments=named,
        ),
        Good(".npy with a word list in gz", "good.npy", array(npy(matrix()), gzipped(word_list())), arguments=named),
        Good("KeyedVectors", "good.kv", lambda folder: keyed_vectors(folder / "good.kv")),
        Good("KeyedVectors in two files", "good.kv", lambda folder: keyed_vectors(folder / "good.kv", sep_limit=1)),
        Good("KeyedVectors of 64 bits", "good.kv", saved(index_to_key=WORDS, vectors=doubled), notes=["rounded"]),
        Good("KeyedVectors of gensim 0.12", "good.kv", saved(index2word=WORDS, syn0=matrix())),
        Good("KeyedVectors in gz", "good.kv.gz", gzipped(saved(index_to_key=WORDS, vectors=matrix()))),
    ]
    for suffix, compress in COMPRESSIONS.items():
        for what, data in (("txt", WORD2VEC), ("glove.txt", GLOVE), ("vec", FASTTEXT_VEC), ("bin", BINARY)):
            cases.append(Good(f"{what} in {suffix}", f"good.{what}.{suffix}", compress(data)))
    return cases
