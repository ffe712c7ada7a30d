"""Detect the format of a file from its content, not its name, and read it."""

import re
from pathlib import PurePath

from embcli.errors import BadFile, UsageProblem
from embcli.readers import BOM, ReadOptions, Source, binary, fasttext, gensim, gensim_pickle, npy, text
from embcli.readers.foreign import foreign_format
from embcli.readers.source_file import SourceFile

INPUT_FORMATS = ("word2vec", "glove", "binary", "fasttext", "native", "npy", "npz")
COMPRESSIONS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip"}
KINDS = {
    ".txt": ("text", "word2vec", "glove"),
    ".vec": ("text", "word2vec", "glove"),
    ".bin": ("binary", "fasttext"),
    ".kv": ("native",),
    ".npy": ("npy",),
    ".npz": ("npz",),
    ".csv": ("text", "word2vec", "glove"),
    ".tsv": ("text", "word2vec", "glove"),
}
DEFAULTS = ReadOptions()


def read(opened: SourceFile, options: ReadOptions = DEFAULTS) -> Source:
    """The rows of a file in the format of the options or, by default, of its content. Raises BadFile.

    With the reader `gensim`, gensim reads text and binary files instead of embcli's readers.
    """
    format_name = options.format_name or sniff(opened)
    _check_options(opened, format_name, options)
    source = _read(opened, format_name, options)
    if options.subwords is not None and source.ngrams is None:
        option = "--subwords" if options.subwords else "--no-subwords"
        raise UsageProblem(f"{opened.path} has no n-grams of fastText, so {option} has no effect", f"remove {option}")
    source.notes.extend(_notes_on_name(opened, source.reader))
    return source


def _check_options(opened: SourceFile, format_name: str, options: ReadOptions) -> None:
    """Raise UsageProblem for an option that would have no effect on a file of this format."""
    if format_name not in INPUT_FORMATS:
        raise UsageProblem(f'there is no format "{format_name}"', f"one of {', '.join(INPUT_FORMATS)}")
    if options.reader == "gensim" and format_name in ("fasttext", "native", "npy", "npz"):
        raise UsageProblem(
            f"{opened.path} is {format_name}, but --reader applies to text and binary", "remove --reader"
        )
    if options.words is not None and format_name in ("binary", "native", "fasttext"):
        raise UsageProblem(f"{opened.path} has its own words ({format_name})", "leave out --words")
    if options.words is not None and options.reader == "gensim":
        raise UsageProblem("gensim takes the words from the file of the vectors, not from --words", "remove --reader")
    if options.header is not None and format_name != "glove":
        option = "--header" if options.header else "--no-header"
        kind = "has a first line of counts" if format_name == "word2vec" else f"is {format_name}, not text"
        raise UsageProblem(f"{opened.path} {kind}, so {option} has no effect", f"remove {option}")


def _read(opened: SourceFile, format_name: str, options: ReadOptions) -> Source:
    words = options.words
    if format_name == "npy":
        return npy.read(opened, words)
    if format_name == "npz":
        return npy.read_npz(opened, words)
    if format_name == "native":
        return gensim_pickle.read(opened)
    if format_name == "fasttext":
        return fasttext.read(opened, options)
    if format_name != "binary":
        _check_line_ends(opened)
    strict = (
        binary.read(opened)
        if format_name == "binary"
        else text.read(opened, has_counts=format_name == "word2vec", options=options)
    )
    if options.reader == "embcli":
        return strict
    # gensim would load a broken file as a wrong model, or allocate all memory.
    return gensim.read_plain(opened, format_name, {word for words, _ in strict.blocks for word in words})


def _check_line_ends(opened: SourceFile) -> None:
    """Raise BadFile for a text whose lines end with CR alone."""
    look: bytes = opened.stream.peek(text.LOOK)[: text.LOOK]  # type: ignore[attr-defined]
    if b"\n" not in look and b"\r" in look.rstrip(b"\r"):
        raise BadFile(
            f"{opened.path}: its lines end with CR, as on old Macs, and not with LF",
            "convert it: tr '\\r' '\\n' < FILE > NEW",
        )


def _notes_on_name(opened: SourceFile, reader: str) -> list[str]:
    """What is odd about the name of a file, whose content is something else."""
    name = PurePath(str(opened.member)) if opened.is_one_of_several else opened.path
    suffixes = [suffix.lower() for suffix in name.suffixes]
    notes = []
    if not opened.is_one_of_several and opened.compression not in ("npz", "tar"):
        packed = COMPRESSIONS.get(suffixes.pop()) if suffixes and suffixes[-1] in COMPRESSIONS else None
        if packed != opened.compression:
            notes.append(f"it is {opened.compression or 'not compressed'}, despite its name")
    elif opened.is_one_of_several and not str(opened.path).endswith(str(opened.member)):
        notes.append(f"of the files in it, {opened.member} was read")
    kinds = KINDS.get(suffixes[-1]) if suffixes else None
    if kinds and reader.removeprefix("gensim ") not in kinds:
        notes.append(f"it is {reader.removeprefix('gensim ')}, despite its name")
    return notes


def sniff(opened: SourceFile) -> str:
    """The format that the first bytes show; BadFile when they show none."""
    if opened.compression == "npz":
        return "npz"
    look: bytes = opened.stream.peek(text.LOOK)[: text.LOOK]  # type: ignore[attr-defined]
    if not look:
        raise BadFile(f"{opened.path} is empty", "give a file of vectors")
    foreign = foreign_format(look)
    if foreign is not None:
        raise BadFile(f"{opened.path} is {foreign.name}", foreign.hint)
    if look.startswith(npy.MAGIC):
        return "npy"
    if gensim_pickle.PICKLE.match(look):
        return "native"
    if fasttext.is_fasttext(look):
        return "fasttext"
    first, newline, rest = look.removeprefix(BOM).partition(b"\n")
    counts = text.HEADER.fullmatch(first + newline)
    if counts and int(counts[1]):
        return "word2vec" if _is_row(rest, int(counts[2])) else "binary"
    if b"\0" in look or not _is_mostly_text(look):
        raise BadFile(f"{opened.path} is not in a known format", "see: embcli models add --help")
    return "glove"


def _is_row(look: bytes, dim: int) -> bool:
    """Whether the row after the header is text, not binary: most fields after the word are decimal numbers, or all
    bytes are text.
    """
    if look and not re.search(rb"[\0-\x08\x0b\x0c\x0e-\x1f]", look) and _is_utf8(look):
        return True
    line, newline, _ = look.partition(b"\n")
    numbers = line.split()[-dim:] if newline else line.split()[1:-1]
    if not numbers:
        return newline == b"\n" or _is_mostly_text(look[: text.LOOK])
    return sum(map(text.is_number, numbers)) * 2 >= len(numbers)


def _is_utf8(look: bytes) -> bool:
    """Whether bytes are UTF-8, perhaps with a truncated last character."""
    try:
        look.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _is_mostly_text(look: bytes) -> bool:
    """Whether bytes are UTF-8, with tolerance for a truncated last character, bad bytes and control characters."""
    bad = look.decode("utf-8", "replace").count("\N{REPLACEMENT CHARACTER}")
    control = sum(look.count(bytes([code])) for code in range(32) if code not in b"\t\n\r")
    return bad + control <= max(4, len(look) // 20)
