"""A broken file is rejected with a one-line error that names it, and nothing is added; no wrong model, no hang."""

import gc
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import corpus
import numpy as np
import pytest
from corpus import Broken, Good
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from process import Outcome, ask, environment, settle

import embcli
from embcli.errors import EmbcliError
from embcli.models import manage
from embcli.models.add import add as add_model
from embcli.readers import ReadOptions

BROKEN = corpus.broken()
GOOD = corpus.good()
PATIENCE = 10  # seconds: five times the limit of a small file, for a busy machine
MORE_MEMORY = 150 << 20


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settle(monkeypatch, tmp_path / "home")
    return tmp_path / "home"


class Stuck(BaseException):
    """The time limit was exceeded; `except Exception` does not catch this."""


@contextmanager
def limited(seconds: float = PATIENCE) -> Iterator[None]:
    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise Stuck(f"no end after {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def add(source: str, *arguments: str) -> Outcome:
    """`models add`. gensim leaves files open, which pytest would report for the next test."""
    with warnings.catch_warnings(), limited():
        warnings.simplefilter("ignore", ResourceWarning)
        outcome = ask("models", "add", source, *arguments)
        gc.collect(0)
    return outcome


def add_apart(home: Path, source: str, *arguments: str, before: str = "") -> tuple[Outcome, int]:
    """`models add` in a separate process: its outcome, and its peak memory in bytes."""
    code = f"{before}\nimport sys; from embcli.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "models", "add", source, *arguments]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment(home))
        end = time.monotonic() + PATIENCE
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                child.kill()
                child.wait()
                pytest.fail(f"no end after {PATIENCE} s")
            time.sleep(0.01)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        outcome = Outcome(child.returncode, out.read().decode(), err.read().decode())
    return outcome, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.fixture(scope="module")
def usual_memory(tmp_path_factory: pytest.TempPathFactory) -> int:
    """The peak memory of a small successful import."""
    folder = tmp_path_factory.mktemp("usual")
    (folder / "good.txt").write_bytes(corpus.WORD2VEC)
    outcome, memory = add_apart(folder / "home", str(folder / "good.txt"))
    assert (outcome.status, outcome.err) == (0, "")
    return memory


def try_to_add(path: Path, *arguments: str) -> Outcome:
    """`add` without the command line, which takes most of the time for a small file."""
    words = Path(arguments[1]) if arguments else None
    with warnings.catch_warnings(), limited():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            add_model(str(path), read=ReadOptions(words=words))
        except EmbcliError as error:
            return Outcome(error.exit_status, "", f"embcli: {error}\n")
    return Outcome(0, "", "")


def assert_refused(outcome: Outcome, case: Broken, source: str, folder: Path) -> None:
    assert "Traceback" not in outcome.err
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (case.status, "", 1), outcome.err[-2000:]
    assert outcome.err.startswith("embcli: ")
    assert len(outcome.err) < 2000
    named = case.says if "name of a model" in case.says or "unknown format" in outcome.err else Path(source).name
    assert named in outcome.err or source in outcome.err or (case.says and case.says in outcome.err)
    assert case.says in outcome.err
    assert_nothing_added(folder)


def assert_nothing_added(folder: Path) -> None:
    """Check that there is no model, no temporary file, and no marker of executed code."""
    models = folder / "home" / "models"
    assert not models.exists() or not list(models.iterdir())
    assert not (folder / "marker").exists()


def listed(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in BROKEN if not case.apart])
def test_a_broken_file_is_refused_in_one_line_that_names_it_and_nothing_is_added(case: Broken, tmp_path: Path) -> None:
    source, arguments = corpus.put(case, tmp_path)
    before = listed(tmp_path)
    outcome = add(source, *arguments)
    assert_refused(outcome, case, source, tmp_path)
    assert listed(tmp_path) - before <= {"home", "home/models"}


REPRESENTATIVE = (
    "word2vec: b'nan' as a number", "text: header 1000000000000 4", "binary: header 8 999999999", "a FIFO", "/dev/zero",
    "text in gz: header 8 999999999", "binary in gz: header 8 999999999", "binary in zip: header 8 999999999",
    "glove: a line of 5 MB", "gz bomb of zeros", "gz bomb of one line", "gz bomb of line feeds", "gz bomb of words",
    ".npy with a header of 4 GB", ".npy with words: a gz bomb", ".npy with words: one of 50 MB",
    "payload os.system, protocol 4", "fastText .bin cut at 50 %", "fastText .bin with 2 billion words",
    "fastText .bin with a pruned index without end", "binary: a word of 5 MB",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.id) for case in BROKEN if case.apart or case.id in REPRESENTATIVE]
)
def test_a_process_that_is_given_a_broken_file_ends_soon_and_needs_little_memory(
    case: Broken, tmp_path: Path, usual_memory: int
) -> None:
    source, arguments = corpus.put(case, tmp_path)
    outcome, memory = add_apart(tmp_path / "home", source, *arguments)
    assert_refused(outcome, case, source, tmp_path)
    assert memory - usual_memory <= MORE_MEMORY, f"{(memory - usual_memory) >> 20} MiB more than a good file needs"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux holds RLIMIT_AS")
@pytest.mark.parametrize(
    "wanted",
    [
        "text in gz: header 8 999999999",
        "binary in gz: header 8 999999999",
        "binary in xz: header 1000000000000 4",
        ".npy with a header of 4 GB",
        "a pickle with 2 GB of bytes",
        "a pickle with a number of 2 GB",
        "text: header 999999999999999999 999999999",
    ],
)
def test_no_number_in_a_file_makes_embcli_ask_for_gigabytes(wanted: str, tmp_path: Path) -> None:
    [case] = [case for case in BROKEN if case.id == wanted]
    source, arguments = corpus.put(case, tmp_path)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000,) * 2)"
    few = "import os; os.environ['OPENBLAS_NUM_THREADS'] = '1'"  # each thread of BLAS reserves address space
    outcome, _ = add_apart(tmp_path / "home", source, *arguments, before=f"{limit}; {few}")
    assert_refused(outcome, case, source, tmp_path)


# Truncation, flips-------------------------------------------------------------------------------------------


def loaded(name: str) -> tuple[list[str], bytes]:
    """The words and the bits of the vectors of a model, which is removed afterwards."""
    space = embcli.open_space(name)
    result = list(space.vocabulary), space.vectors.tobytes()
    del space
    manage.remove(name)
    return result


WHOLE = (list(corpus.WORDS), corpus.matrix().tobytes())
KEYED = corpus.saved(index_to_key=list(corpus.WORDS), vectors=corpus.matrix())
FORMATS: dict[str, tuple[str, bytes]] = {
    "word2vec": ("bad.txt", corpus.WORD2VEC),
    "glove": ("bad.txt", corpus.GLOVE),
    "fasttext": ("bad.vec", corpus.FASTTEXT_VEC),
    "binary": ("bad.bin", corpus.BINARY),
    "kv": ("bad.kv", KEYED),
    "kv in gz": ("bad.kv.gz", corpus.gzipped(KEYED)),
    "npy": ("bad.npy", corpus.npy(corpus.matrix())),
    **{
        f"{form} in {suffix}": (f"bad.{suffix}", compress(data))
        for suffix, compress in corpus.COMPRESSIONS.items()
        for form, data in (("word2vec", corpus.WORD2VEC), ("glove", corpus.GLOVE), ("binary", corpus.BINARY))
    },
}


# The formats that can do without the end of the last line: all numbers have the same number of decimals, or of bytes.
UNENDED = ("word2vec", "fasttext", "binary")


def arguments_of(form: str, folder: Path) -> list[str]:
    if form != "npy":
        return []
    (folder / "bad.words").write_bytes(corpus.word_list())
    return ["--words", str(folder / "bad.words")]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_is_cut_anywhere_is_refused_where_its_format_allows_noticing(form: str, tmp_path: Path) -> None:
    name, data = FORMATS[form]
    path, arguments = tmp_path / name, arguments_of(form, tmp_path)
    for size in range(len(data)):
        path.write_bytes(data[:size])
        outcome = try_to_add(path, *arguments)
        rows = data[: size + 1].count(b"\n")
        if form == "glove" and (data[:size].endswith(b"\n") or (data[size:].startswith(b"\n") and rows > 1)):
            assert outcome.status == 0  # complete lines, and the file does not declare their number
            assert loaded("bad") == (list(corpus.WORDS[:rows]), corpus.matrix()[:rows].tobytes())
        elif form in UNENDED and not data[size:].strip():
            assert outcome.status == 0  # only the end of the last line is missing
            assert loaded("bad") == WHOLE
        else:
            assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1), f"{form} cut at {size}"
            assert str(path) in outcome.err
            assert_nothing_added(tmp_path)


def test_a_fasttext_bin_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    data = corpus.fasttext()
    places = corpus.fasttext_places(data)
    near = {at + i for at in (places.matrix, places.output) for i in range(-12, 24)}
    sizes = sorted({*range(100), *near, *range(100, len(data), 97), *range(len(data) - 20, len(data))})
    for size in sizes:
        (tmp_path / "bad.bin").write_bytes(data[:size])
        outcome = try_to_add(tmp_path / "bad.bin")
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1), f"cut at {size}"
        assert "bad.bin" in outcome.err
        assert_nothing_added(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("form", [form for form in FORMATS if " in " in form])
def test_a_flipped_bit_in_a_compressed_file_is_refused_or_changes_nothing(form: str, tmp_path: Path) -> None:
    name, data = FORMATS[form]
    path = tmp_path / name
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :])
        outcome = try_to_add(path)
        if outcome.status == 0:  # a time, a name, a system: irrelevant fields
            assert loaded("bad") == WHOLE, f"{form}: bit {at % 8} of byte {at}"
        else:
            assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1), f"byte {at}"
            assert str(path) in outcome.err
            assert_nothing_added(tmp_path)


@pytest.mark.slow
def test_a_flipped_bit_in_the_header_of_an_npy_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    name, data = FORMATS["npy"]
    arguments = arguments_of("npy", tmp_path)
    for at in range(8 * 128):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        (tmp_path / name).write_bytes(flipped)
        outcome = try_to_add(tmp_path / name, *arguments)
        if outcome.status == 0:
            assert loaded("bad") == WHOLE, f"bit {at % 8} of byte {at // 8}"
        else:
            assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1), f"bit {at}"
            assert_nothing_added(tmp_path)


# The smallest and the largest length of n-grams: they change the vectors, and no check can detect it.
UNNOTICED = range(8 + 4 * 9, 8 + 4 * 11)


@pytest.mark.slow
def test_a_flipped_bit_in_the_structure_of_a_fasttext_bin_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    data = corpus.fasttext()
    path, places = tmp_path / "bad.bin", corpus.fasttext_places(data)
    path.write_bytes(data)
    assert try_to_add(path).status == 0
    whole = loaded("bad")
    fields = [*range(4, places.words), *range(places.matrix, places.matrix + 17)]
    for at in fields:
        for bit in (at % 4, at % 4 + 4):
            path.write_bytes(data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :])
            outcome = try_to_add(path)
            if outcome.status == 0:
                words, bits = loaded("bad")
                assert words == whole[0], f"bit {bit} of byte {at}"
                assert bits == whole[1] or at in UNNOTICED, f"bit {bit} of byte {at}"
            else:
                assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1), f"byte {at}"
                assert_nothing_added(tmp_path)


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted({*FORMATS} - {"npy"})), st.data())
def test_a_file_hurt_in_any_way_is_refused_in_one_line_or_loads(tmp_path: Path, form: str, data: st.DataObject) -> None:
    name, content = FORMATS[form]
    hurt = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(hurt)))
        end = min(len(hurt), start + data.draw(st.integers(0, 12)))
        what = data.draw(st.sampled_from(["cut out", "zeroed", "replaced", "moved"]))
        piece = {"cut out": b"", "zeroed": bytes(end - start), "moved": bytes(reversed(hurt[start:end]))}.get(what)
        hurt[start:end] = data.draw(st.binary(max_size=12)) if piece is None else piece
    path = tmp_path / name
    path.write_bytes(hurt)
    outcome = try_to_add(path)
    assert outcome.status in (0, 2), outcome.err
    if outcome.status == 0:
        words, bits = loaded("bad")
        assert np.isfinite(np.frombuffer(bits, "<f4")).all()
        assert len(set(words)) == len(words)
    else:
        assert (outcome.out, outcome.err.count("\n")) == ("", 1)
        assert_nothing_added(tmp_path)


def test_a_broken_file_named_as_a_model_is_refused_in_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(corpus.WORD2VEC.replace(b"man ", b"man nan ", 1))
    outcome = ask("nn", "king", "-m", str(path))
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "bad.txt, line 7" in outcome.err
    assert_nothing_added(tmp_path)


def test_a_pickle_that_meddles_with_an_allowed_function_leaves_no_trace(tmp_path: Path) -> None:
    """BUILD sets attributes, which must not affect the next file in the same process."""
    meddling = b"\x80\x02c_codecs\nencode\nN}X\x0c\x00\x00\x00__defaults__N\x85s\x86b."
    (tmp_path / "bad.kv").write_bytes(meddling)
    assert add(str(tmp_path / "bad.kv")).status == 2
    (tmp_path / "good.kv").write_bytes(KEYED)
    assert add(str(tmp_path / "good.kv")).status == 0
    from embcli.readers import safe_pickle

    assert safe_pickle._encode.__defaults__ == ("latin1",)


# Irregular files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in GOOD])
def test_a_good_but_odd_file_loads_bit_for_bit_and_what_is_odd_is_said(case: Good, tmp_path: Path) -> None:
    source, arguments = corpus.put(case, tmp_path)
    outcome = add(source, *arguments, "--name", "odd")
    assert outcome.status == 0, outcome.err
    notes = outcome.err.splitlines()
    assert all(note.startswith("embcli: note: ") for note in notes)
    for wanted in case.notes:
        assert any(wanted in note for note in notes), f"no note of {wanted!r}: {notes}"
    assert bool(notes) == bool(case.notes), notes
    assert loaded("odd") == (list(case.words), corpus.matrix(case.numbers).tobytes())


def test_a_source_is_never_changed(tmp_path: Path) -> None:
    for number, (name, data) in enumerate(FORMATS.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o444)
        before = (folder / name).stat()
        add(str(folder / name), "--name", f"m{number}", *arguments_of("npy" if name.endswith("npy") else "", folder))
        after = (folder / name).stat()
        assert (folder / name).read_bytes() == data
        assert (after.st_mtime_ns, after.st_ino, after.st_size) == (before.st_mtime_ns, before.st_ino, before.st_size)


def test_real_files_of_gensim_load_as_gensim_loads_them(tmp_path: Path) -> None:
    from gensim.models.fasttext import load_facebook_vectors

    for name in ("crime-and-punishment.bin", "lee_fasttext_new.bin"):
        path = tmp_path / name
        path.write_bytes(corpus.gensim_file(name))
        assert add(str(path), "--name", "real").status == 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            theirs = load_facebook_vectors(str(path))
            gc.collect()
        assert loaded("real") == (theirs.index_to_key, theirs.vectors.tobytes())
