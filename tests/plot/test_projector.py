"""The files for the Embedding Projector: complete or absent, and what its loader expects."""

from pathlib import Path

import numpy as np
import pytest

from embcli.errors import InputOutputProblem, UsageProblem
from embcli.plot.points import choose
from embcli.plot.projector import write_projector
from embcli.plot.question import PlotQuestion
from embcli.vectors.space import VectorSpace

WORDS = ["king", "queen", "two\twords", "two\nlines"]
SPACE = VectorSpace.from_words(WORDS, [[0.1, 1.0], [2.0, 1 / 3], [1.0, 0.0], [0.0, 1.0]])


def lines(file: Path) -> list[str]:
    text = file.read_bytes().decode()
    assert text.endswith("\n")
    return text[:-1].split("\n")


def test_vectors_read_back_as_the_same_numbers(tmp_path: Path) -> None:
    written = write_projector(tmp_path / "new" / "folder", choose(SPACE, PlotQuestion(("queen", "king"))))
    read = np.loadtxt(tmp_path / "new" / "folder" / "vectors.tsv", delimiter="\t", dtype=np.float32)
    assert read.tolist() == [SPACE["queen"].tolist(), SPACE["king"].tolist()]
    assert "2 by 2 numbers" in written


def test_words_alone_have_no_header_and_groups_have_one(tmp_path: Path) -> None:
    write_projector(tmp_path, choose(SPACE, PlotQuestion(("queen", "king"))))
    assert lines(tmp_path / "metadata.tsv") == ["queen", "king"]
    grouped = PlotQuestion(("queen",), groups=(("he", ("king",)),))
    write_projector(tmp_path, choose(SPACE, grouped), force=True)
    assert lines(tmp_path / "metadata.tsv") == ["word\tgroup", "queen\t", "king\the"]
    assert {file.name for file in tmp_path.iterdir()} == {"vectors.tsv", "metadata.tsv"}


@pytest.mark.parametrize("name", ["vectors.tsv", "metadata.tsv"])
def test_a_file_that_exists_is_not_replaced(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageProblem, match=f"{name} exists"):
        write_projector(tmp_path, choose(SPACE, PlotQuestion(("queen", "king"))))
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "mine")]


@pytest.mark.parametrize("word", ["two\twords", "two\nlines"])
def test_a_word_that_a_line_cannot_hold_is_refused_and_nothing_is_written(word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match=r"metadata\.tsv cannot hold"):
        write_projector(tmp_path / "folder", choose(SPACE, PlotQuestion(("king", word))))
    assert not (tmp_path / "folder").exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputOutputProblem, match="cannot write to"):
        write_projector(tmp_path / "file" / "folder", choose(SPACE, PlotQuestion(("queen", "king"))))
