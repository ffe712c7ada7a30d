"""Expressions wherever a word may stand, candidates, matrices, coordinates."""

import shlex
from pathlib import Path

import numpy as np
import pytest
from process import ask, settle, share

import embcli
from embcli.errors import UsageProblem
from embcli.models.open import StoredSpace
from embcli.vectors.space import VectorSpace

ROYAL = {"king": [1.0, 0.0, 1.0], "queen": [1.0, 1.0, 1.0], "man": [0.0, 0.0, 1.0], "woman": [0.0, 1.0, 1.0]}


@pytest.fixture
def royal() -> VectorSpace:
    """Axes: royal, female, human."""
    return VectorSpace.from_words(list(ROYAL), list(ROYAL.values()))


@pytest.fixture
def at_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, share(home, tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


# --- Expressions --------------------------------------------------------------------------------------------------


def test_the_formula_of_the_lesson_is_measured(at_home: None) -> None:
    [pair] = ask("similarity", "aunt - uncle", "woman - man", "--json").answer["results"]
    assert (pair["a"], pair["b"], pair["cosine"]) == ("aunt - uncle", "woman - man", 0.69223)
    assert ask("similarity", "aunt - uncle:woman - man", "--json").answer["results"] == [pair]


def test_an_expression_is_the_sum_of_plain_vectors(royal: VectorSpace) -> None:
    [pair] = embcli.compare_words(royal, [("queen - king", "woman - man")]).results
    assert (pair.cosine, pair.euclidean, pair.dot) == (1.0, 0.0, 1.0)
    [entry] = embcli.look_up(royal, ["king - man + woman"]).results
    assert (entry.word, entry.row, entry.frequency_rank, entry.vector) == ("king - man + woman", None, None, (1, 1, 1))
    [projection] = embcli.project(royal, "woman - man", ["2*queen - king"]).results
    assert (projection.word, projection.dot) == ("2*queen - king", 2.0)
    odd = embcli.find_odd_one(royal, ["queen - king", "woman - man", "king - queen", "woman - king + queen - man"])
    assert odd.odd == "king - queen"
    [first, _] = embcli.weigh_candidates(royal, "queen", ["king - man", "queen - king"], metric="cosine").results
    assert first.word == "king - man"


def test_a_word_that_looks_like_an_expression_is_a_word() -> None:
    space = VectorSpace.from_words(["a - b", "a", "b", "Apple_(company)", "3*x"], np.eye(5))
    for word in ("a - b", "Apple_(company)", "3*x"):
        [entry] = embcli.look_up(space, [word]).results
        assert (entry.word, entry.row) == (word, space.vocabulary.row(word))


def test_what_was_read_otherwise_inside_an_expression_is_reported(at_home: None) -> None:
    assert ask("lookup", "King - Man", "--json").answer["query"]["resolved"] == {"King": "king", "Man": "man"}


@pytest.mark.parametrize("command", ["similarity", "odd", "lookup", "project king"])
def test_a_mistake_in_an_expression_is_marked_and_its_unknown_words_are_reported(command: str, at_home: None) -> None:
    start = shlex.split(command)
    outcome = ask(*start, "king - (man", "woman", "queen")
    assert outcome.status == 2
    assert "^" in outcome.err
    outcome = ask(*start, "kinng1 - mann1", "zzqx1", "queen")
    assert outcome.status == 3
    assert '"kinng1", "mann1" and "zzqx1" are not in the vocabulary' in outcome.err


def test_an_expression_with_an_unknown_word_is_skipped_as_a_whole(at_home: None) -> None:
    answer = ask("lookup", "kinng1 - man", "woman", "--skip-unknown", "--json").answer
    assert answer["query"]["skipped"] == ["kinng1 - man"]
    assert [result["word"] for result in answer["results"]] == ["woman"]


def test_expressions_stand_in_lines_of_a_batch(at_home: None) -> None:
    lines = b'"aunt - uncle" "woman - man"\n{"words": ["aunt - uncle", "woman - man"]}\n'
    first, second = ask("similarity", "-", stdin=lines).out.splitlines()
    assert first.replace('"line": 1', '"line": 2') == second
    assert '"cosine": 0.69223' in first


# --- Matrices -----------------------------------------------------------------------------------------------------


def test_a_matrix_has_all_cosines_and_all_pairs(royal: VectorSpace, at_home: None) -> None:
    answer = ask("similarity", "king", "queen", "man", "king - man", "--matrix", "--json").answer
    words, cosines = answer["matrix"]["words"], answer["matrix"]["cosines"]
    assert words == ["king", "queen", "man", "king - man"]
    assert [row[i] for i, row in enumerate(cosines)] == [1.0] * 4
    for result in answer["results"]:
        i, j = words.index(result["a"]), words.index(result["b"])
        assert cosines[i][j] == cosines[j][i] == result["cosine"]
    assert len(answer["results"]) == 6


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_matrix_fits_the_terminal_in_blocks(columns: str, at_home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    words = ["king", "queen", "man", "woman", "prince", "princess", "boy", "girl", "uncle", "aunt", "kindergarten"]
    out = ask("similarity", *words, "--matrix").out
    assert max(map(len, out.splitlines())) <= int(columns)
    assert out.count("+1.0000") == len(words)


def test_one_word_makes_no_matrix(at_home: None) -> None:
    assert ask("similarity", "king", "king", "--matrix").status == 2


# --- Coordinates --------------------------------------------------------------------------------------------------


def test_the_largest_coordinates_and_their_shares_of_the_squared_length(glove: StoredSpace) -> None:
    [entry] = embcli.look_up(glove, ["woman - man"], coordinates=3).results
    assert entry.coordinates is not None
    assert [one.dimension for one in entry.coordinates] == [16, 12, 5]
    assert entry.coordinates[0].share == pytest.approx(0.1558, abs=5e-5)
    [entry] = embcli.look_up(glove, ["king"], coordinates=1000).results
    assert entry.coordinates is not None
    assert len(entry.coordinates) == 50
    assert sum(one.share for one in entry.coordinates) == pytest.approx(1)
    assert all(entry.vector[one.dimension] == one.value for one in entry.coordinates)


def test_coordinates_are_shown(at_home: None) -> None:
    out = ask("lookup", "woman - man", "--coordinates", "2").out
    assert "largest coordinates of woman - man: 29.2% of its squared length" in out
    assert "15.58%" in out


# --- Candidates ---------------------------------------------------------------------------------------------------


def test_only_the_candidates_are_searched(royal: VectorSpace) -> None:
    answer = embcli.solve_analogy(royal, "king - man + woman", among=["queen", "man", "king"], raw=True)
    assert [(one.rank, one.word) for one in answer.results] == [(1, "queen")]
    assert [(one.word, one.rank) for one in answer.inputs] == [("king", 2), ("man", 3), ("woman", None)]
    assert answer.query.among == 3


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul", "pairdirection"])
@pytest.mark.parametrize("count", [1, 50, 5000])
def test_among_all_words_the_answers_are_the_same(method: str, count: int, glove: StoredSpace) -> None:
    words = [*glove.vocabulary[:count], "king", "man", "woman"]
    among = embcli.solve_analogy(glove, "king - man + woman", method=method, among=words, k=5)
    top = embcli.solve_analogy(glove, "king - man + woman", method=method, top=max(count, 1000), k=10_000)
    expected = [one.word for one in top.results if one.word in set(words)][:5]
    assert [one.word for one in among.results] == expected


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_scores_are_those_of_the_whole_search(metric: str, glove: StoredSpace) -> None:
    whole = embcli.find_neighbors(glove, "king", metric=metric, k=20)
    among = embcli.find_neighbors(glove, "king", metric=metric, k=20, among=[one.word for one in whole.results])
    assert [(one.word, one.score) for one in among.results] == [(one.word, one.score) for one in whole.results]


def test_candidates_come_from_the_command_line_a_file_or_stdin(at_home: None) -> None:
    Path("words.txt").write_text("\ufeffrome\nmilan\n\nNew York\n", "utf-8")
    question = ["analogy", "paris", "-", "france", "+", "italy", "--json", "--among"]
    listed = ask(*question, "rome,milan, new york").answer
    assert ask(*question, "words.txt").answer["results"] == listed["results"]
    assert ask(*question, "-", stdin=b"rome\nmilan\nnew york\n").answer["results"] == listed["results"]
    assert [one["word"] for one in listed["results"]] == ["rome", "milan", "new-york"]
    assert "among 3 words" in ask(*[part for part in question if part != "--json"], "words.txt").out


def test_a_batch_searches_the_candidates_of_the_command_line_or_of_a_line(at_home: None) -> None:
    lines = b'king\n{"expression": "king", "among": ["queen", "zzqx1"], "skip_unknown": true}\n'
    first, second = ask("nn", "-", "--among", "prince,cabbage", "-k", "1", stdin=lines).out.splitlines()
    assert '"word": "prince"' in first
    assert '"word": "queen"' in second
    assert '"skipped": ["zzqx1"]' in second


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (["--among", "queen,zzqx1"], 3, '"zzqx1" is not in the vocabulary'),
        (["--among", "queen", "--vocab", "100"], 2, "exclude each other"),
        (["--among", ""], 2, "no words to search among"),
        (["--among", "none/there.txt"], 4, "there is no file none/there.txt"),
        (["--skip-unknown"], 2, "applies only to the candidates"),
    ],
)
def test_candidates_that_make_no_sense_are_an_error(options: list[str], status: int, says: str, at_home: None) -> None:
    outcome = ask("nn", "king", *options)
    assert outcome.status == status
    assert says in outcome.err


def test_python_checks_candidates_too(royal: VectorSpace) -> None:
    with pytest.raises(UsageProblem):
        embcli.find_neighbors(royal, "king", among=())
