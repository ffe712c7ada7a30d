"""Decide by its content, not its name, what a file is, and read it."""

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
# What is looked at: enough for a header and a line of some thousand numbers.
LOOK = 1 << 16
DEFAULTS = ReadOptions()


def read(opened: SourceFile, options: ReadOptions = DEFAULTS) -> Source:
    """The rows of a file of any format, as the options say or its content shows. BadFile for a broken one.

    The reader `gensim` reads text and binary through gensim instead of embcli's own readers.
    """
    source = _read(opened, options.format_name or sniff(opened), options)
    source.notes.extend(_notes_on_name(opened, source.reader))
    return source


def _read(opened: SourceFile, format_name: str, options: ReadOptions) -> Source:
    reader, words = options.reader, options.words
    if format_name not in INPUT_FORMATS:
        raise UsageProblem(f'there is no format "{format_name}"', f"one of {', '.join(INPUT_FORMATS)}")
    if reader == "gensim" and format_name in ("fasttext", "native", "npy"):
        raise UsageProblem(
            f"{opened.path} is {format_name}: --reader chooses who reads text and binary", "leave out --reader"
        )
    if words is not None and format_name != "npy":
        raise UsageProblem(f"{opened.path} has its own words ({format_name})", "leave out --words")
    if format_name == "npy":
        return npy.read(opened, words)
    if format_name == "native":
        return gensim_pickle.read(opened)
    if format_name == "fasttext":
        return fasttext.read(opened, options)
    strict = binary.read(opened) if format_name == "binary" else text.read(opened, header=format_name == "word2vec")
    if reader == "embcli":
        return strict
    for _ in strict.blocks:  # gensim would load a broken file as a wrong model, or ask for all memory
        pass
    return gensim.read_plain(opened, format_name)


def _notes_on_name(opened: SourceFile, reader: str) -> list[str]:
    """What is odd about the name of a file, whose content is something else."""
    suffixes = [suffix.lower() for suffix in opened.path.suffixes]
    packed = COMPRESSIONS.get(suffixes.pop()) if suffixes and suffixes[-1] in COMPRESSIONS else None
    notes = []
    if packed != opened.compression:
        notes.append(f"it is {opened.compression or 'not compressed'}, whatever its name says")
    kinds = KINDS.get(suffixes[-1]) if suffixes else None
    if kinds and reader.removeprefix("gensim ") not in kinds:
        notes.append(f"it is {reader.removeprefix('gensim ')}, whatever its name says")
    return notes


def sniff(opened: SourceFile) -> str:
    """The format that the first bytes show; BadFile when they show none."""
    look: bytes = opened.stream.peek(LOOK)[:LOOK]  # type: ignore[attr-defined]
    if not look:
        raise BadFile(f"{opened.path} is empty", "give a file of vectors")
    if look.startswith(npy.MAGIC):
        return "npy"
    if look.startswith(gensim_pickle.PICKLE):
        return "native"
    if fasttext.is_fasttext(look):
        return "fasttext"
    first, newline, rest = look.removeprefix(text.BOM).partition(b"\n")
    if text.HEADER.fullmatch(first + newline):
        return "word2vec" if _is_row(rest, int(text.HEADER.fullmatch(first)[2])) else "binary"  # type: ignore[index]
    if b"\0" in look or not _is_mostly_text(look):
        raise BadFile(f"{opened.path} is in no format that embcli knows", "see: embcli models add --help")
    return "glove"


def _is_row(look: bytes, dim: int) -> bool:
    """Whether a line of text begins here rather than binary numbers: what follows the word reads as one."""
    line, newline, _ = look.partition(b"\n")
    numbers = line.split()[-dim:] if newline else line.split()[1:-1]
    if not numbers:
        return newline == b"\n" or _is_mostly_text(look[:LOOK])
    return sum(map(text.is_number, numbers)) * 2 >= len(numbers)


def _is_mostly_text(look: bytes) -> bool:
    """UTF-8, but for a character cut at the end, a few bad bytes, and control characters inside words."""
    bad = look.decode("utf-8", "replace").count("\N{REPLACEMENT CHARACTER}")
    control = sum(look.count(bytes([code])) for code in range(32) if code not in b"\t\n\r")
    return bad + control <= max(4, len(look) // 20)
