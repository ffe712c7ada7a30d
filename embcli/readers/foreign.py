"""Formats that embcli does not read: their names, by the first bytes of a file or the members of a zip, and what to do.

A word may look like the magic number of a format (`PAR1`), so a magic number that is text includes the byte after it,
which is not.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

AS_TEXT = "write its vectors as text: each line a word and its numbers"
AS_ARRAY = "save the matrix with np.save(file, array), its words one per line, and add both with --words FILE"
WITH_PANDAS = 'write it as CSV: pandas.{}("FILE").to_csv("FILE.csv")'
EXTRACT = "extract it, then add the file in it"
SHEET = "save the sheet as CSV, then add that"
IN_UTF_8 = "save it in UTF-8: iconv -f {} -t UTF-8 FILE > NEW"


class Foreign(NamedTuple):
    """A format that is not read. name: as in `FILE is …`."""

    name: str
    hint: str


# At the beginning of a file; the first one that matches counts.
MAGICS: list[tuple[re.Pattern[bytes], Foreign]] = [
    (re.compile(magic, re.DOTALL), Foreign(name, hint))
    for magic, name, hint in (
        (rb"\x28\xb5\x2f\xfd", "compressed with Zstandard", "decompress it: zstd -d FILE"),
        (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "extract it (7z x FILE), then add the file in it"),
        (rb"Rar!\x1a\x07", "a RAR archive", "extract it (unrar x FILE), then add the file in it"),
        (rb"\x04\x22\x4d\x18", "compressed with LZ4", "decompress it: lz4 -d FILE"),
        (rb"\x1f\x9d", "compressed with compress", "decompress it: uncompress FILE"),
        (rb"\x5d.{4}\xff{8}", "compressed with LZMA", "decompress it: xz --format=lzma -d FILE"),
        (rb"\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ\0", "compressed twice", EXTRACT),
        (rb"PK\x03\x04|.{257}ustar(?:\x0000|  \0)", "an archive in another file", EXTRACT),
        (rb"PAR1[\0-\x1f]", "a Parquet file", WITH_PANDAS.format("read_parquet")),
        (rb"ARROW1\0\0|FEA1[\0-\x1f]", "a Feather file", WITH_PANDAS.format("read_feather")),
        (rb"\x89HDF\r\n\x1a\n", "an HDF5 file", AS_ARRAY),
        (rb"SQLite format 3\0", "an SQLite database, as Magnitude writes", AS_TEXT),
        (rb"\x80[\x02-\x05]\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19\.", "a PyTorch file", AS_ARRAY),
        (rb"\x08[\x01-\x20]\x12[\x01-\x40][ -~]", "an ONNX model", AS_ARRAY),
        (rb"GGUF[\x01-\x08]\0\0\0", "a language model (GGUF)", "add a file of word vectors"),
        (rb'.{3}\0{5}\{\s*"', "a safetensors file", AS_ARRAY),
        (rb".{4}TFL3", "a TensorFlow Lite model", AS_ARRAY),
        (rb"MATLAB 5\.0 MAT-file", "a MATLAB file", AS_ARRAY),
        (rb"RD[AX][23]\n|X\n\0\0\0[\2\3]", "an R data file", "write it as text: write.table in R"),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", SHEET),
        (rb"%PDF-\d", "a PDF document", AS_TEXT),
        (rb"\x89PNG\r\n|\xff\xd8\xff", "an image", "add a file of word vectors"),
        (rb"\s*<(?i:!doctype html|\?xml)", "a web page or XML", "if it was downloaded, check the address"),
        (rb"version https://git-lfs\.", "a pointer of Git LFS, not the file itself", "run: git lfs pull"),
        (rb'\s*\{\s*"[^"\n]{1,200}"\s*:|\s*\[\s*\{\s*"', "JSON", AS_TEXT),
        (rb"\xff\xfe\0\0|\0\0\xfe\xff", "text in UTF-32", IN_UTF_8.format("UTF-32")),
        (rb"\xff\xfe|\xfe\xff", "text in UTF-16", IN_UTF_8.format("UTF-16")),
        (rb"(?:[ -~]\0){4}", "text in UTF-16", IN_UTF_8.format("UTF-16LE")),
        (rb"(?:\0[ -~]){4}", "text in UTF-16", IN_UTF_8.format("UTF-16BE")),
    )
]  # fmt: skip
# Zips that are files of a program, by the names of their members.
ZIPS: dict[str, Foreign] = {
    "xl/workbook.xml": Foreign("an Excel workbook", SHEET),
    "xl/workbook.bin": Foreign("an Excel workbook", SHEET),
    "word/document.xml": Foreign("a Word document", "save it as plain text in UTF-8"),
    "content.xml": Foreign("an OpenDocument file", SHEET),
    "model.weights.h5": Foreign("a Keras model", AS_ARRAY),
    "data.pkl": Foreign("a PyTorch file", AS_ARRAY),
}


def foreign_format(look: bytes) -> Foreign | None:
    """The format that the first bytes of a file show, if it is one of those that are not read."""
    return next((foreign for magic, foreign in MAGICS if magic.match(look)), None)


def foreign_zip(names: Sequence[str]) -> Foreign | None:
    """The program's format that a zip of these members is, if any. PyTorch puts its members into a folder."""
    inside = [*names, *(PurePosixPath(name).name for name in names if name.endswith("/data.pkl"))]
    return next((ZIPS[name] for name in inside if name in ZIPS), None)
