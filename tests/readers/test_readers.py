"""embcli's readers: all formats preserve the bits of any vectors, and gensim reads the same."""

import gc
import os
import warnings
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import corpus
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from process import ask, settle

from embcli.errors import BadFile
from embcli.readers import ReadOptions, sniffing, text
from embcli.readers.decimals import parse_decimals
from embcli.readers.source_file import SourceFile
from embcli.vectors.space import VectorSpace

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
MATRICES = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=FINITE)
# Words that a file may contain: no separators, no control characters, no surrogates.
LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"])
WORDS = st.text(LETTERS, min_size=1, max_size=20).filter(lambda word: not text.is_number(word.encode()))
ON_FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def vectors(draw: st.DrawFn) -> tuple[list[str], Any]:
    """Words and a matrix with one row per word."""
    matrix = draw(MATRICES)
    words = draw(st.lists(WORDS, min_size=len(matrix), max_size=len(matrix), unique=True))
    return words, matrix


def read(
    path: Path, data: bytes | None = None, form: str | None = None, reader: str = "embcli", words: Path | None = None
) -> tuple[list[str], Any]:
    """The words and vectors of a file from its reader."""
    if data is not None:
        path.write_bytes(data)
    opened = SourceFile(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # gensim leaves files open
        try:
            blocks = list(sniffing.read(opened, ReadOptions(form, reader, words)).blocks)
        finally:
            opened.close()
            gc.collect(0)
    return [word.decode() for block, _ in blocks for word in block], np.concatenate([part for _, part in blocks])


def assert_same(found: tuple[Sequence[str], Any], words: Sequence[str], matrix: Any) -> None:
    assert list(found[0]) == list(words)
    assert found[1].dtype == np.float32
    assert found[1].tobytes() == np.ascontiguousarray(matrix, "<f4").tobytes()


def as_text(words: Sequence[str], matrix: Any, spelling: str = "r", end: str = "") -> bytes:
    """Rows of text with numbers as repr, with 9 digits, with all digits or as the shortest float32."""
    spellings: dict[str, Callable[[float], str]] = {
        "r": repr, "9": "{:.9g}".format, "all": lambda x: str(Decimal(x)), "32": lambda x: str(np.float32(x)),
    }  # fmt: skip
    rows = zip(words, matrix.tolist(), strict=True)
    return "".join(f"{' '.join([word, *map(spellings[spelling], row)])}{end}\n" for word, row in rows).encode()


@ON_FILES
@given(vectors(), st.sampled_from(["r", "9", "all", "32"]), st.booleans(), st.sampled_from(["", " ", "\r"]))
def test_any_vectors_come_back_from_text_to_the_bit(
    tmp_path: Path, given_: tuple[list[str], Any], spelling: str, header: bool, end: str
) -> None:
    words, matrix = given_
    head = corpus.header(*matrix.shape) if header else b""
    form = "word2vec" if header else "glove"
    assert_same(read(tmp_path / "x", head + as_text(words, matrix, spelling, end), form), words, matrix)


@ON_FILES
@given(vectors(), st.sampled_from([b"", b"\n"]), st.sampled_from(sorted([*corpus.COMPRESSIONS, ""])))
def test_any_vectors_come_back_from_binary_to_the_bit(
    tmp_path: Path, given_: tuple[list[str], Any], feed: bytes, suffix: str
) -> None:
    words, matrix = given_
    rows = (word.encode() + b" " + row.astype("<f4").tobytes() + feed for word, row in zip(words, matrix, strict=True))
    data = corpus.header(*matrix.shape) + b"".join(rows)
    compress = corpus.COMPRESSIONS.get(suffix, bytes)
    assert_same(read(tmp_path / "x", compress(data), "binary"), words, matrix)


@ON_FILES
@given(vectors(), st.sampled_from(["<f4", ">f4", "<f8", ">f8"]), st.sampled_from("CF"))
def test_any_vectors_come_back_from_an_array_to_the_bit(
    tmp_path: Path, given_: tuple[list[str], Any], form: str, order: Any
) -> None:
    words, matrix = given_
    (tmp_path / "words").write_bytes(corpus.word_list(words))
    data = corpus.npy(matrix.astype(form, order=order))
    assert_same(read(tmp_path / "x", data, words=tmp_path / "words"), words, matrix)


DIGITS = st.text("0123456789", min_size=1, max_size=24)
SIGNS = st.sampled_from(["", "", "-", "+"])
EXPONENTS = st.one_of(
    st.just(""), st.builds("{}{}{}".format, st.sampled_from("eE"), SIGNS, st.integers(0, 60).map(str))
)
TOKENS = st.one_of(
    st.builds("{}{}{}".format, SIGNS, DIGITS, EXPONENTS),
    st.builds("{}{}.{}{}".format, SIGNS, DIGITS, DIGITS, EXPONENTS),
    st.builds("{}.{}{}".format, SIGNS, DIGITS, EXPONENTS),
    st.builds("{}{}.{}".format, SIGNS, DIGITS, EXPONENTS),
    FINITE.map(repr),
    FINITE.map(lambda x: f"{x:.9g}"),
    FINITE.map(lambda x: f"{x:.17e}"),
    FINITE.map(lambda x: str(Decimal(x))),
    # Half-way between two float32 numbers, where double rounding gives a wrong result.
    FINITE.map(lambda x: repr((float(x) + float(np.nextafter(np.float32(x), np.float32(0)))) / 2)),
)


@pytest.mark.slow
@settings(max_examples=1000)
@given(st.lists(TOKENS, min_size=1, max_size=8))
@example(["-0", "1e-45", "7e-46", "1.17549429e-38", "340282356779733642748073463979561713663", ".5", "5.", "+1"])
def test_numbers_are_read_as_python_and_numpy_read_them(tokens: list[str]) -> None:
    with np.errstate(over="ignore", under="ignore"):
        expected = np.array([float(token) for token in tokens]).astype(np.float32)
    found = parse_decimals(" ".join(tokens).encode(), len(tokens))
    if np.isfinite(expected).all():
        assert found is not None
        assert found.tobytes() == expected.tobytes()
    else:
        assert found is None


@settings(max_examples=2000)
@given(st.text("0123456789+-.eE _xnaif,\0\t", max_size=12), st.integers(1, 3))
def test_what_is_not_so_many_numbers_is_refused(junk: str, count: int) -> None:
    """The result is either `count` tokens that Python parses as finite numbers, or None."""
    found = parse_decimals(junk.encode(), count)
    tokens = junk.split(" ")
    try:
        numbers = [float(token) for token in tokens]
    except ValueError:
        numbers = []
    plain = len(numbers) == count and not set(junk) - set("0123456789+-.eE ")
    assert (found is not None) == (plain and all(abs(x) < 3.4028235677973366e38 for x in numbers))


# Against gensim, on real vectors ----------------------------------------------------------------------------

REAL = 30_000


@pytest.fixture(scope="module")
def real(glove: VectorSpace) -> tuple[list[str], Any]:
    """The first rows of GloVe."""
    return [glove.vocabulary[row] for row in range(REAL)], np.array(glove.vectors[:REAL])


@pytest.fixture(scope="module")
def real_files(real: tuple[list[str], Any]) -> dict[str, bytes]:
    words, matrix = real
    rows, head = as_text(words, matrix, "9"), corpus.header(*matrix.shape)
    binary = b"".join(word.encode() + b" " + row.tobytes() for word, row in zip(words, matrix, strict=True))
    plain = {
        "word2vec.txt": head + rows,
        "glove.txt": rows,
        "fasttext.vec": head + rows.replace(b"\n", b" \n"),
        "binary.bin": head + binary,
    }
    packed = {
        f"{name}.{suffix}": corpus.COMPRESSIONS[suffix](plain[name])
        for name, suffix in (("word2vec.txt", "gz"), ("binary.bin", "bz2"))
    }
    return {**plain, **packed}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["word2vec.txt", "glove.txt", "fasttext.vec", "binary.bin", "word2vec.txt.gz", "binary.bin.bz2"]
)
def test_embcli_and_gensim_read_the_same_bits_of_real_vectors(
    name: str, real: tuple[list[str], Any], real_files: dict[str, bytes], tmp_path: Path
) -> None:
    ours = read(tmp_path / name, real_files[name])
    assert_same(ours, *real)
    assert_same(read(tmp_path / name, reader="gensim"), *ours)


def test_gensims_own_files_of_real_vectors_are_read_to_the_bit(real: tuple[list[str], Any], tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    words, matrix = real
    keyed = KeyedVectors(matrix.shape[1])
    keyed.add_vectors(words, matrix)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        keyed.save(str(tmp_path / "one.kv"), sep_limit=1 << 40)
        keyed.save(str(tmp_path / "two.kv"), sep_limit=1)
        gc.collect()
    assert (tmp_path / "two.kv.vectors.npy").exists()
    assert not (tmp_path / "one.kv.vectors.npy").exists()
    for name in ("one.kv", "two.kv"):
        assert_same(read(tmp_path / name), words, matrix)


@pytest.mark.parametrize("rows", [1, 4095, 4096, 4097, 8192, 10_000])
def test_an_array_of_any_number_of_rows_keeps_each_word_with_its_row(
    rows: int, real: tuple[list[str], Any], tmp_path: Path
) -> None:
    words, matrix = real[0][:rows], real[1][:rows]
    (tmp_path / "words").write_bytes(corpus.word_list(words))
    assert_same(read(tmp_path / "x.npy", corpus.npy(matrix), words=tmp_path / "words"), words, matrix)
    for wrong in ([*words, "one-more"], [*words, "two", "more"], words[:-1]):
        (tmp_path / "words").write_bytes(corpus.word_list(wrong))
        with pytest.raises(BadFile, match="words"):
            read(tmp_path / "x.npy", words=tmp_path / "words")


# Large files, parsed by several processes -------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(real_files: dict[str, bytes]) -> bytes:
    """A file with a header, large enough to be parsed by workers."""
    data = real_files["word2vec.txt"]
    assert len(data) > text.BYTES_WORTH_PROCESSES
    return data


@pytest.mark.slow
def test_processes_that_share_the_parsing_give_the_same_as_one(
    large: bytes, real: tuple[list[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = read(tmp_path / "x", large)
    assert_same(shared, *real)
    monkeypatch.setattr(text, "BYTES_WORTH_PROCESSES", len(large) + 1)
    assert_same(read(tmp_path / "x"), *shared)


def changed_lines(data: bytes, wanted: Sequence[int], line: bytes) -> bytes:
    lines = data.split(b"\n")
    for number in wanted:
        lines[number - 1] = line
    return b"\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("line", [2, 7_777, 29_000, REAL + 1])
@pytest.mark.parametrize("bad", [b"king 1 2", b"", b"king" + b" nan" * 50, b"\xff" + b" 1" * 50], ids=ascii)
def test_an_error_in_a_large_file_is_named_by_its_line_and_the_first_comes_first(
    bad: bytes, line: int, large: bytes, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(changed_lines(large, [line, line + 9_000] if line < 20_000 else [line], bad))
    with pytest.raises(BadFile, match=f"x, line {line}: "):
        read(tmp_path / "x")


@pytest.mark.slow
def test_a_large_file_whose_header_is_wrong_is_refused(large: bytes, tmp_path: Path) -> None:
    body = large.partition(b"\n")[2]
    for promised, line in ((REAL - 1, REAL + 1), (REAL + 1, REAL + 2)):
        with pytest.raises(BadFile, match=f"line {line}: "):
            read(tmp_path / "x", corpus.header(promised, 50) + body)


@pytest.mark.slow
def test_a_large_file_is_added_and_leaves_no_process_behind(
    large: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, tmp_path / "home")
    (tmp_path / "large.txt").write_bytes(large)
    (tmp_path / "bad.txt").write_bytes(changed_lines(large, [20_000], b"king"))
    assert ask("models", "add", str(tmp_path / "large.txt")).status == 0
    assert ask("models", "add", str(tmp_path / "bad.txt")).status == 2
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("form", ["word2vec", "glove", "binary"])
def test_where_chunks_of_a_file_end_does_not_matter(
    form: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embcli.readers import binary

    monkeypatch.setattr(text, "BYTES_AT_ONCE", chunk)
    monkeypatch.setattr(binary, "BYTES_AT_ONCE", chunk)
    data = {"word2vec": corpus.WORD2VEC, "glove": corpus.GLOVE, "binary": corpus.BINARY}[form]
    for odd in (data, data.replace(b"\n", b"\r\n") + b"\r\n" * 9) if form != "binary" else (data,):
        assert_same(read(tmp_path / "x", odd), corpus.WORDS, corpus.matrix())
