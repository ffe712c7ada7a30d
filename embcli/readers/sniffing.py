"""Detect the format of a file from its content, not its name, and read it."""

from pathlib import Path

from embcli.errors import BadFile, UsageProblem
from embcli.readers import ReadOptions, Source, binary, fasttext, gensim, gensim_pickle, npy, text
from embcli.readers.source_file import SourceFile

INPUT_FORMATS = ("word2vec", "glove", "binary", "fasttext", "native", "npy")
COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip"}
KINDS = {
    ".txt": ("text", "word2vec", "glove"),
    ".vec": ("text", "word2vec", "glove"),
    ".bin": ("binary", "fasttext"),
    ".kv": ("native",),
    ".npy": ("npy",),
}
# Bytes that are inspected: enough for a header and a line of several thousand numbers.
LOOK = 1 << 16
DEFAULTS = ReadOptions()


def read(opened: SourceFile, options: ReadOptions = DEFAULTS) -> Source:
    """The rows of a file in the format of the options or, by default, of its content. Raises BadFile.

    With the reader `gensim`, gensim reads text and binary files instead of embcli's readers.
    """
    source = _read(opened, options.format_name or sniff(opened), options.reader, options.words)
    source.notes.extend(_notes_on_name(opened, source.reader))
    return source


def _read(opened: SourceFile, format_name: str, reader: str, words: Path | None) -> Source:
    if format_name not in INPUT_FORMATS:
        raise UsageProblem(f'unknown format "{format_name}"', f"use one of {', '.join(INPUT_FORMATS)}")
    if reader == "gensim" and format_name in ("fasttext", "native", "npy"):
        raise UsageProblem(
            f"{opened.path} is {format_name}, but --reader applies to text and binary", "remove --reader"
        )
    if words is not None and format_name != "npy":
        raise UsageProblem(f"{opened.path} already contains its words ({format_name})", "remove --words")
    if format_name == "npy":
        return npy.read(opened, words)
    if format_name == "native":
        return gensim_pickle.read(opened)
    if format_name == "fasttext":
        return gensim.read_fasttext(opened)
    strict = binary.read(opened) if format_name == "binary" else text.read(opened, header=format_name == "word2vec")
    if reader == "embcli":
        return strict
    for _ in strict.blocks:  # gensim would load a broken file as a wrong model, or allocate all memory
        pass
    return gensim.read_plain(opened, format_name)


def _notes_on_name(opened: SourceFile, reader: str) -> list[str]:
    """Notes on a name whose suffixes contradict the content."""
    suffixes = [suffix.lower() for suffix in opened.path.suffixes]
    packed = COMPRESSIONS.get(suffixes.pop()) if suffixes and suffixes[-1] in COMPRESSIONS else None
    notes = []
    if packed != opened.compression:
        notes.append(f"it is {opened.compression or 'not compressed'}, despite its name")
    kinds = KINDS.get(suffixes[-1]) if suffixes else None
    if kinds and reader.removeprefix("gensim ") not in kinds:
        notes.append(f"it is {reader.removeprefix('gensim ')}, despite its name")
    return notes


def sniff(opened: SourceFile) -> str:
    """The format by the first bytes. Raises BadFile for an unknown format."""
    look: bytes = opened.stream.peek(LOOK)[:LOOK]  # type: ignore[attr-defined]
    if not look:
        raise BadFile(f"{opened.path} is empty", "give a file of vectors")
    if look.startswith(npy.MAGIC):
        return "npy"
    if look.startswith(gensim_pickle.PICKLE):
        return "native"
    if look.startswith(fasttext.FASTTEXT_MAGIC):
        return "fasttext"
    first, newline, rest = look.removeprefix(text.BOM).partition(b"\n")
    if text.HEADER.fullmatch(first + newline):
        return "word2vec" if _is_row(rest, int(text.HEADER.fullmatch(first)[2])) else "binary"  # type: ignore[index]
    if b"\0" in look or not _is_mostly_text(look):
        raise BadFile(f"{opened.path} is not in a known format", "see: embcli models add --help")
    return "glove"


def _is_row(look: bytes, dim: int) -> bool:
    """Whether the row after the header is text, not binary: most fields after the word are decimal numbers."""
    line, newline, _ = look.partition(b"\n")
    numbers = line.split()[-dim:] if newline else line.split()[1:-1]
    if not numbers:
        return newline == b"\n" or _is_mostly_text(look[:LOOK])
    return sum(map(text.is_number, numbers)) * 2 >= len(numbers)


def _is_mostly_text(look: bytes) -> bool:
    """Whether bytes are UTF-8, with tolerance for a truncated last character, bad bytes and control characters."""
    bad = look.decode("utf-8", "replace").count("\N{REPLACEMENT CHARACTER}")
    control = sum(look.count(bytes([code])) for code in range(32) if code not in b"\t\n\r")
    return bad + control <= max(4, len(look) // 20)
