"""Fuzz the readers with atheris: any input must either load as finite vectors or raise an EmbcliError.

    python tests/fuzz_readers.py -max_total_time=600

CI gives a seed and a number of runs, so that it repeats the same inputs; a change of a reader deserves new ones. Other
arguments are passed to libFuzzer. Failing inputs are written to `crash-…` in the current folder, and can be run
again with this file as the argument.
"""

import importlib
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

try:
    atheris: Any = importlib.import_module("atheris")
except ImportError:
    print("atheris is not installed: nothing was fuzzed (pip install atheris)")
    sys.exit(0)

with atheris.instrument_imports(include=["embcli", "pickle", "zipfile"]):
    import corpus
    import numpy as np

    from embcli.errors import EmbcliError
    from embcli.readers import ReadOptions, sniffing
    from embcli.readers.source_file import SourceFile

FORMS = (None, "word2vec", "glove", "binary", "native", "npy")  # without fastText's .bin, which slow gensim reads


def read_all(path: Path, form: str | None, words: Path | None) -> None:
    """Read a whole file, as an import does."""
    opened = SourceFile(path)
    try:
        if form is None and sniffing.sniff(opened) == "fasttext":
            return
        for block, vectors in sniffing.read(opened, ReadOptions(form, words=words)).blocks:
            assert len(block) == len(vectors)
            assert all(block)
            assert vectors.dtype == np.float32
            assert np.isfinite(vectors).all()
    finally:
        opened.close()


def main() -> None:
    warnings.simplefilter("ignore", ResourceWarning)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, words, seeds = folder / "data", folder / "words", folder / "seeds"
        words.write_bytes(corpus.word_list())
        seeds.mkdir()
        contents = [case.content for case in corpus.good()] + [case.content for case in corpus.broken()]
        for number, content in enumerate(contents):
            if isinstance(content, bytes) and len(content) < 4096:
                for form in (0, 1 + number % (len(FORMS) - 1)):
                    (seeds / f"{number}-{form}").write_bytes(bytes([form]) + content)

        def one(data: bytes) -> None:
            form = FORMS[data[0] % len(FORMS)] if data else None
            path.write_bytes(data[1:])
            try:
                read_all(path, form, words if form == "npy" else None)
            except EmbcliError:
                return

        options: list[Any] = [sys.argv[0], "-max_len=4096", "-timeout=10", "-rss_limit_mb=2048", *sys.argv[1:]]
        is_single = any(Path(argument).is_file() for argument in sys.argv[1:])
        atheris.Setup(options if is_single else [*options, str(seeds)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
