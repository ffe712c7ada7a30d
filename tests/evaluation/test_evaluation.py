"""Evaluations: by hand on toy spaces; on GloVe against gensim, published figures and the formulas in float64."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
import toy as toy_space
from hypothesis import given
from hypothesis import strategies as st
from process import Outcome, add_store, ask, settle, share
from sklearn.linear_model import LogisticRegression

import embcli
from embcli.errors import BadFile, UsageProblem
from embcli.evaluation.pair_methods import fit_logistic
from embcli.evaluation.question_sets import Section, packaged
from embcli.evaluation.ratings import Rating
from embcli.evaluation.similarity import pearson, spearman
from embcli.models.open import StoredSpace
from embcli.results.evaluations import Detail, Evaluation, SectionScore
from embcli.vectors.space import VectorSpace

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

Floats = npt.NDArray[np.float64]

FREQUENT = 30_000
# The keys of each of `results`, which scripts depend on.
SCORE_KEYS = [
    "section", "asked", "covered", "correct", "accuracy", "accuracy_low", "accuracy_high", "accuracy_of_all",
    "reciprocal_rank", "correct_with_inputs", "accuracy_with_inputs", "accuracy_with_inputs_low",
    "accuracy_with_inputs_high", "accuracy_of_all_with_inputs", "reciprocal_rank_with_inputs",
    "covered_by_model", "model", "method",
]  # fmt: skip
# Of the toy space; see toy.py. The ranks of the expected words, inputs excluded / included:
ROYALS = """: royals
man king woman queen
man king woman empress
man king woman princess
man king woman king
man king woman sultana
: gram-plurals
man men woman women
cat cats kitten kittens
cat cats kitten girl
"""
# 1/1; empress is behind queen, with which it ties: 2/2; behind queen, empress, and woman, king: 3/5; an input: none/4
# (queen, empress, woman); not covered. Plurals: 1/1, 1/1, and girl, on 3 other sides of kittens' 5, far down.


def read(folder: Path, text: str, name: str = "questions.txt") -> list[Section]:
    file = folder / name
    file.write_text(text)
    return embcli.read_analogies(file)


def by_section(evaluation: Evaluation) -> dict[str, SectionScore]:
    """The rows of one model and method, by section."""
    rows = {row.section: row for row in evaluation.results}
    assert len(rows) == len(evaluation.results)
    return rows


def details_of(spaces: Sequence[VectorSpace], sections: Sequence[Section], **options: Any) -> list[Detail]:
    kept: list[Detail] = []
    embcli.evaluate_analogies(spaces, sections, details=kept.extend, **options)
    return kept


# --- By hand ------------------------------------------------------------------------------------------


def test_every_figure_of_a_section_can_be_worked_out_on_paper(toy: VectorSpace, tmp_path: Path) -> None:
    row = by_section(embcli.evaluate_analogies([toy], read(tmp_path, ROYALS)))["royals"]
    assert (row.asked, row.covered, row.correct, row.correct_with_inputs) == (5, 4, 1, 1)
    assert (row.accuracy, row.accuracy_of_all) == (1 / 4, 1 / 5)
    assert (row.accuracy_with_inputs, row.accuracy_of_all_with_inputs) == (1 / 4, 1 / 5)
    assert row.reciprocal_rank == pytest.approx((1 + 1 / 2 + 1 / 3 + 0) / 4)
    assert row.reciprocal_rank_with_inputs == pytest.approx((1 + 1 / 2 + 1 / 5 + 1 / 4) / 4)
    assert (row.model, row.method) == ("toy", "3cosadd")


def test_each_question_is_told_with_its_ranks_and_answers(toy: VectorSpace, tmp_path: Path) -> None:
    details = details_of([toy], read(tmp_path, ROYALS))
    assert [one.words[0] for one in details] == ["man"] * 6 + ["cat"] * 2
    assert [one.covered for one in details] == [True] * 4 + [False] + [True] * 3
    assert [one.rank for one in details[:7]] == [1, 2, 3, None, None, 1, 1]
    assert [one.rank_with_inputs for one in details[:7]] == [1, 2, 5, 4, None, 1, 1]
    assert [one.answer for one in details] == ["queen"] * 4 + [None, "women", "kittens", "kittens"]
    assert [one.answer_with_inputs for one in details] == [one.answer for one in details]


def test_an_answer_that_an_input_beats_is_right_only_while_inputs_are_barred(tmp_path: Path) -> None:
    # In degrees, a is at 6, b at 27, c at 0 and d at 45; b - a + c is at 21, nearest to b, then a, c, d.
    space = VectorSpace.from_words(["a", "b", "c", "d"], [[1.0, 0.1], [2.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "four")
    detail = details_of([space], read(tmp_path, "a b c d"))[0]
    assert (detail.answer, detail.rank) == ("d", 1)
    assert (detail.answer_with_inputs, detail.rank_with_inputs) == ("b", 4)
    row = by_section(embcli.evaluate_analogies([space], read(tmp_path, "a b c d")))["all"]
    assert (row.accuracy, row.accuracy_with_inputs) == (1, 0)


def test_totals_are_of_questions_and_grammar_is_told_from_meaning(toy: VectorSpace, tmp_path: Path) -> None:
    rows = by_section(embcli.evaluate_analogies([toy], read(tmp_path, ROYALS)))
    assert list(rows) == ["royals", "gram-plurals", "semantic", "syntactic", "all"]
    counts = {name: (row.asked, row.covered, row.correct, row.accuracy) for name, row in rows.items()}
    assert counts["semantic"] == counts["royals"]
    assert counts["syntactic"] == counts["gram-plurals"] == (3, 3, 2, 2 / 3)
    assert counts["all"] == (8, 7, 3, 3 / 7)
    assert rows["all"].accuracy_of_all == 3 / 8


def test_of_grammar_alone_there_is_one_total(toy: VectorSpace, tmp_path: Path) -> None:
    rows = by_section(embcli.evaluate_analogies([toy], read(tmp_path, ": gram1\nman men woman women\n")))
    assert list(rows) == ["gram1", "all"]


def test_a_section_that_is_not_covered_has_no_accuracy_but_counts_against_all(toy: VectorSpace, tmp_path: Path) -> None:
    rows = by_section(embcli.evaluate_analogies([toy], read(tmp_path, ": far\na b c d\n: near\nman men woman women\n")))
    far = rows["far"]
    assert (far.asked, far.covered, far.correct, far.accuracy, far.reciprocal_rank) == (1, 0, 0, None, None)
    assert (far.accuracy_low, far.accuracy_high, far.accuracy_of_all) == (None, None, 0)
    assert (rows["all"].accuracy, rows["all"].accuracy_of_all) == (1, 1 / 2)


def test_top_takes_rare_words_for_unknown_and_searches_without_them(toy: VectorSpace, tmp_path: Path) -> None:
    details = details_of([toy], read(tmp_path, ROYALS), top=6)  # up to princess
    assert [one.covered for one in details] == [True, False, True, True] + [False] * 4
    assert [one.rank for one in details[:4]] == [1, None, 2, None]  # empress no longer stands before princess
    assert [one.rank_with_inputs for one in details[:4]] == [1, None, 4, 3]


def test_a_pair_without_a_direction_is_covered_and_wrong(toy: VectorSpace, tmp_path: Path) -> None:
    sections = read(tmp_path, "queen empress man woman\nman king woman queen\n")
    row = by_section(embcli.evaluate_analogies([toy], sections, methods=["pairdirection"]))["all"]
    assert (row.covered, row.correct) == (2, 1)
    assert details_of([toy], sections, methods=["pairdirection"])[0].rank is None


# --- Words in several cases ------------------------------------------------------------------------------

# On the axes royal and female; `Woman` and `QUEEN` lie where king - man + woman ends.
CASES = {
    "man": [-1.0, -1.0],
    "King": [1.0, -1.0],
    "Woman": [1.0, 1.0],
    "woman": [-1.0, 1.0],
    "WOMAN": [1.0, 0.9],
    "QUEEN": [1.0, 0.8],
    "king": [-1.0, 1.0],
    "queen": [-1.0, -0.9],
}


def cased(*order: str) -> VectorSpace:
    return VectorSpace.from_words(order, np.array([CASES[word] for word in order]), "cased")


def test_the_most_frequent_spelling_stands_for_a_word(tmp_path: Path) -> None:
    sections = read(tmp_path, "MAN king WoMaN queen")
    # King - man + woman = (1, 1): QUEEN. With king for King it would be (-1, 3).
    right = details_of([cased("man", "King", "woman", "QUEEN", "king", "queen")], sections)[0]
    assert (right.rank, right.answer) == (1, "QUEEN")
    wrong = details_of([cased("man", "king", "woman", "queen", "King", "QUEEN")], sections)[0]
    assert (wrong.covered, wrong.answer) == (True, "QUEEN")
    assert wrong.rank == 1  # king - man + woman = (-1, 3): nearest but inputs is QUEEN (1, .8)


def test_other_spellings_of_the_inputs_may_not_answer_either(tmp_path: Path) -> None:
    space = cased("man", "King", "woman", "Woman", "WOMAN", "QUEEN")
    detail = details_of([space], read(tmp_path, "man king woman queen"))[0]
    assert (detail.answer, detail.rank) == ("QUEEN", 1)
    assert (detail.answer_with_inputs, detail.rank_with_inputs) == ("Woman", 3)


def test_any_spelling_of_the_expected_word_is_right(tmp_path: Path) -> None:
    space = cased("man", "King", "woman", "queen", "QUEEN")
    sections = read(tmp_path, "man King woman queen")
    assert details_of([space], sections)[0].rank == 1
    strict = details_of([space], sections, case_sensitive=True)[0]
    assert (strict.rank, strict.answer) == (2, "QUEEN")


def test_case_sensitive_takes_words_as_they_are_spelled(tmp_path: Path) -> None:
    space = cased("man", "King", "woman", "Woman", "QUEEN")
    details = details_of(
        [space],
        read(tmp_path, "man King woman QUEEN\nman king woman QUEEN\nman King woman queen\n"),
        case_sensitive=True,
    )
    assert [one.covered for one in details] == [True, False, False]
    assert (details[0].answer, details[0].rank) == ("Woman", 2)


def test_one_space_or_several_and_files_as_text_or_paths(toy: VectorSpace, tmp_path: Path) -> None:
    sections = read(tmp_path, ROYALS)
    expected = embcli.evaluate_analogies([toy], sections, questions="questions.txt")
    file = tmp_path / "questions.txt"
    for spaces in (toy, [toy], (toy,)):
        for questions in (file, str(file), sections):
            named = "questions.txt" if questions is sections else ""
            assert embcli.evaluate_analogies(spaces, questions, questions=named) == expected
    assert embcli.read_analogies(str(file)) == embcli.read_analogies(file) == sections

    ratings = tmp_path / "mine.txt"
    ratings.write_text("king queen 9\nman woman 8\nking cats 1\n")
    correlations = embcli.evaluate_similarity([toy], {"mine": embcli.read_ratings(ratings)})
    for named_sets in (ratings, str(ratings), {"mine": embcli.read_ratings(str(ratings))}):
        assert embcli.evaluate_similarity(toy, named_sets) == correlations
    assert correlations.results[0].covered == 3


def test_a_folder_of_questions_can_be_named(toy: VectorSpace, tmp_path: Path) -> None:
    read(tmp_path, "man men\nwoman women\ncat cats\n", "plural.txt")
    evaluation = embcli.evaluate_analogies(toy, f"{tmp_path}/")
    assert evaluation.query.questions == tmp_path.name
    assert [row.section for row in evaluation.results] == ["plural", "all"]


@pytest.mark.parametrize("read_file", [embcli.read_analogies, embcli.read_ratings])
def test_an_empty_path_is_not_the_current_folder(read_file: Callable[[str], object]) -> None:
    with pytest.raises(UsageProblem, match="empty"):
        read_file("")


def test_nothing_to_evaluate_is_an_error(toy: VectorSpace) -> None:
    with pytest.raises(UsageProblem, match="no model"):
        embcli.evaluate_analogies([], embcli.read_analogies())
    with pytest.raises(UsageProblem, match="no model"):
        embcli.evaluate_similarity([], {})
    with pytest.raises(UsageProblem, match="no questions"):
        embcli.evaluate_analogies(toy, [])
    with pytest.raises(embcli.EmbcliError, match=r"nowhere\.txt"):
        embcli.evaluate_analogies(toy, "nowhere.txt")
    with pytest.raises(embcli.EmbcliError, match=r"nowhere\.txt"):
        embcli.evaluate_similarity(toy, Path("nowhere.txt"))


# --- gensim is the oracle -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def oracle(glove: StoredSpace) -> "KeyedVectors":
    return glove.to_gensim()


def assert_counts_are_gensims(space: VectorSpace, oracle: "KeyedVectors", file: Path, top: int, *, cased: bool) -> None:
    _, theirs = oracle.evaluate_word_analogies(str(file), restrict_vocab=top, case_insensitive=not cased)
    ours = embcli.evaluate_analogies([space], embcli.read_analogies(file), top=top, case_sensitive=cased)
    rows = by_section(ours)
    for section in theirs:
        row = rows["all" if section["section"] == "Total accuracy" else section["section"]]
        correct, wrong = len(section["correct"]), len(section["incorrect"])
        assert (row.correct, row.covered) == (correct, correct + wrong), section["section"]
    assert len(theirs) == len(ours.results) - 2 * ("semantic" in rows)


def test_counts_by_section_are_those_of_gensim(glove: StoredSpace, oracle: "KeyedVectors", tmp_path: Path) -> None:
    lines = packaged("questions-words.txt").read_text().splitlines()
    file = tmp_path / "some.txt"
    file.write_text("\n".join(line for i, line in enumerate(lines) if line.startswith(":") or i % 61 == 0))
    assert_counts_are_gensims(glove, oracle, file, FREQUENT, cased=False)
    assert_counts_are_gensims(glove, oracle, file, FREQUENT, cased=True)


def test_counts_in_a_space_with_words_in_two_cases_are_those_of_gensim(tmp_path: Path) -> None:
    from embcli.vectors.gensim import keyed_vectors

    chance = np.random.default_rng(7)
    words = [spelling for i in range(40) for spelling in (f"w{i}x", f"W{i}x")]
    words = [words[i] for i in chance.permutation(len(words))]
    space = VectorSpace.from_words(words, chance.standard_normal((len(words), 3)), "cases")
    oracle = keyed_vectors(space.vectors, space.norms, words)
    picked = [chance.choice(45, 4, replace=False) for _ in range(400)]  # some are unknown
    lines = [" ".join(f"{chance.choice(['w', 'W'])}{i}X" for i in four) for four in picked]
    file = tmp_path / "cases.txt"
    file.write_text(": one\n" + "\n".join(lines[:200]) + "\n: two\n" + "\n".join(lines[200:]))
    for top in (80, 50):
        assert_counts_are_gensims(space, oracle, file, top, cased=False)
    file.write_text(file.read_text().replace("X", "x"))
    assert_counts_are_gensims(space, oracle, file, 80, cased=True)


@pytest.mark.parametrize("name", ["wordsim353.tsv", "simlex999.txt"])
@pytest.mark.parametrize("top", [None, 300_000, 5000])
def test_correlations_are_those_of_gensim(
    glove: StoredSpace, oracle: "KeyedVectors", name: str, top: int | None
) -> None:
    theirs_r, theirs_rho, missing = oracle.evaluate_word_pairs(str(packaged(name)), restrict_vocab=top or len(glove))
    row = embcli.evaluate_similarity([glove], {name: embcli.read_ratings(packaged(name))}, top=top).results[0]
    assert row.spearman == pytest.approx(theirs_rho[0], abs=1e-6)
    assert row.pearson == pytest.approx(theirs_r[0], abs=1e-6)
    assert 100 * (1 - row.covered / row.asked) == pytest.approx(missing)


# --- The published figures ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "asked", "expected"),
    [
        ({}, 19_544, {"semantic": (48.46, 36.67), "syntactic": (44.36, 25.25), "all": (46.22, 30.43)}),
        ({"top": 300_000}, 19_486, {"all": (46.37, None)}),
        ({"methods": ["3cosmul"]}, 19_544, {"all": (36.80, 31.19)}),
    ],
)
def test_google_analogies_on_glove(
    glove: StoredSpace, options: dict[str, Any], asked: int, expected: dict[str, tuple[float, float | None]]
) -> None:
    rows = by_section(embcli.evaluate_analogies([glove], embcli.read_analogies(), **options))
    assert len(rows) == 14 + 3
    assert (rows["all"].asked, rows["all"].covered) == (19_544, asked)
    for section, (barred, allowed) in expected.items():
        row = rows[section]
        assert row.accuracy is not None
        assert row.accuracy_with_inputs is not None
        assert f"{100 * row.accuracy:.2f}" == f"{barred:.2f}"
        assert allowed is None or f"{100 * row.accuracy_with_inputs:.2f}" == f"{allowed:.2f}"


def test_word_similarities_on_glove(glove: StoredSpace) -> None:
    sets = {name: embcli.read_ratings(packaged(name)) for name in ("wordsim353.tsv", "simlex999.txt")}
    assert [len(ratings) for ratings in sets.values()] == [353, 999]
    rho = [row.spearman for row in embcli.evaluate_similarity([glove], sets).results]
    assert [round(one or 0, 3) for one in rho] == [0.503, 0.265]
    simlex = {"simlex999": sets["simlex999.txt"]}
    assert round(embcli.evaluate_similarity([glove], simlex, top=300_000).results[0].spearman or 0, 3) == 0.263


# --- Pairs --------------------------------------------------------------------------------------------

PAIRS = 9
ROWS, DIM = 300, 8


@pytest.fixture(scope="module")
def chaos() -> VectorSpace:
    """Random vectors, which make no answer trivial."""
    vectors = np.random.default_rng(5).standard_normal((ROWS, DIM))
    for i in range(PAIRS):  # a weak common direction from the first to the second word of pairs
        vectors[2 * i + 1] = vectors[2 * i] + 0.5 * vectors[-1] + 0.6 * vectors[2 * i + 1]
    return VectorSpace.from_words([f"w{i}" for i in range(ROWS)], vectors, "chaos")


def pair_lines(folder: Path) -> list[Section]:
    """w0 w1, w2 w3, …; some with further answers, one not covered."""
    lines = [f"w{2 * i}\tw{2 * i + 1}" + ("/w200" if i == 3 else "") for i in range(PAIRS)]
    return read(folder, "\n".join([*lines, "nowhere\tw4"]), "pairs.txt")


def unit_vectors(space: VectorSpace) -> Floats:
    vectors = space.vectors.astype(np.float64)
    units: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units


def assert_ranked(space: VectorSpace, detail: Detail, scores: Floats) -> None:
    """Check the detail of a question about one word against a sort of all scores."""
    scores = np.round(scores, 6)
    order = np.lexsort((np.arange(len(scores)), -scores)).tolist()
    given = [space.vocabulary.row(word) for word in detail.words]
    expected = [space.vocabulary.row(word) for word in detail.expected]
    free = [row for row in order if row not in given]
    assert detail.answer == space.vocabulary[free[0]]
    assert detail.answer_with_inputs == space.vocabulary[order[0]]
    assert detail.rank == 1 + min(free.index(row) for row in expected)
    assert detail.rank_with_inputs == 1 + min(order.index(row) for row in expected)


def test_3cosavg_adds_the_mean_step_of_the_other_pairs(chaos: VectorSpace, tmp_path: Path) -> None:
    units = unit_vectors(chaos)
    lefts, rights = units[: 2 * PAIRS : 2], units[1 : 2 * PAIRS : 2]
    details = details_of([chaos], pair_lines(tmp_path), methods=["3cosavg"])
    assert [one.covered for one in details] == [True] * PAIRS + [False]
    for i, detail in enumerate(details[:PAIRS]):
        others = np.arange(PAIRS) != i
        q = lefts[i] + (rights[others] - lefts[others]).mean(axis=0)
        assert_ranked(chaos, detail, units @ q / np.linalg.norm(q))


def test_lrcos_weighs_the_cosine_by_the_likelihood_that_scikit_learn_finds(tmp_path: Path) -> None:
    # Nearly all words have the same vector, so that any random draw gives it as the negative example.
    chance = np.random.default_rng(7)
    pairs, other = chance.standard_normal((2 * PAIRS, DIM)), chance.standard_normal(DIM)
    pairs[1::2] = pairs[::2] + 0.8 * other + 0.6 * pairs[1::2]
    vectors = np.concatenate([pairs, np.tile(-other, (100_000, 1))])
    space = VectorSpace.from_words([f"w{i}" for i in range(len(vectors))], vectors, "most alike")
    units = unit_vectors(space)
    lefts, rights = units[: 2 * PAIRS : 2], units[1 : 2 * PAIRS : 2]
    for i, detail in enumerate(details_of([space], pair_lines(tmp_path), methods=["lrcos"])[:PAIRS]):
        others = np.arange(PAIRS) != i
        negative = np.concatenate([lefts[others], np.tile(units[-1], (PAIRS, 1))])
        classes = [1] * (PAIRS - 1) + [0] * len(negative)
        fit = LogisticRegression(class_weight="balanced", solver="newton-cholesky", tol=1e-12, max_iter=1000)
        fit.fit(np.concatenate([rights[others], negative]), classes)
        assert_ranked(space, detail, units @ lefts[i] * fit.predict_proba(units)[:, 1])


def test_3cosadd_asks_every_two_pairs_in_both_orders(toy: VectorSpace, tmp_path: Path) -> None:
    sections = read(tmp_path, "man woman\nking queen/empress\nboy girl\n", "gender.txt")
    details = details_of([toy], sections)
    assert [(one.words, one.expected) for one in details] == [
        (("man", "woman", "king"), ("queen", "empress")),
        (("man", "woman", "boy"), ("girl",)),
        (("king", "queen", "man"), ("woman",)),
        (("king", "queen", "boy"), ("girl",)),
        (("boy", "girl", "man"), ("woman",)),
        (("boy", "girl", "king"), ("queen", "empress")),
    ]
    assert [one.rank for one in details] == [1] * 6
    assert [(row.section, row.asked, row.correct) for row in by_section(
        embcli.evaluate_analogies([toy], sections)).values()] == [("gender", 6, 6), ("all", 6, 6)]  # fmt: skip


def test_the_best_of_several_answers_counts(toy: VectorSpace, tmp_path: Path) -> None:
    # girl - boy + king = queen exactly; the other answers are kittens, far away, and a word that is unknown.
    sections = read(tmp_path, "boy girl\nking kittens/nowhere/empress/queen\n")
    details = details_of([toy], sections)
    assert (details[0].rank, details[0].covered) == (1, True)


def test_a_folder_of_files_has_a_section_for_each(toy: VectorSpace, tmp_path: Path) -> None:
    for name, text in (("2/L02 gender.txt", "man woman\nking queen\n"), ("1/L01 plural.txt", "man\tmen\ncat\tcats\n")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    (tmp_path / "metadata.json").write_text("{}")
    rows = by_section(embcli.evaluate_analogies([toy], embcli.read_analogies(tmp_path), methods=["3cosavg"]))
    assert [(row.section, row.asked, row.correct) for row in rows.values()] == [
        ("1/L01 plural", 2, 2), ("2/L02 gender", 2, 2), ("all", 4, 4),
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["3cosavg", "lrcos"])
def test_methods_that_learn_from_pairs_refuse_analogies(toy: VectorSpace, tmp_path: Path, method: str) -> None:
    with pytest.raises(UsageProblem, match=f"{method} learns from pairs"):
        embcli.evaluate_analogies([toy], read(tmp_path, ROYALS), methods=["3cosadd", method])


@pytest.mark.parametrize("method", ["3cosavg", "lrcos"])
def test_a_pair_alone_has_nothing_to_learn_from(toy: VectorSpace, tmp_path: Path, method: str) -> None:
    row = by_section(embcli.evaluate_analogies([toy], read(tmp_path, "man woman\n"), methods=[method]))["all"]
    assert (row.asked, row.covered, row.accuracy, row.reciprocal_rank) == (1, 0, None, None)


def test_two_questions_need_two_pairs(toy: VectorSpace, tmp_path: Path) -> None:
    row = by_section(embcli.evaluate_analogies([toy], read(tmp_path, "man woman\n")))["all"]
    assert (row.asked, row.covered, row.accuracy, row.accuracy_of_all) == (0, 0, None, 0)


@given(st.integers(1, 40), st.integers(1, 80), st.integers(1, 20), st.sampled_from([0, 0.1, 1, 30]), st.integers(0, 99))
def test_a_logistic_regression_is_where_its_loss_is_flat(n: int, m: int, dim: int, apart: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    positive, negative = chance.standard_normal((n, dim)) + apart, chance.standard_normal((m, dim))
    for vectors in (positive, negative):
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights, intercept = fit_logistic(positive, negative)
    # ½ ‖w‖² + Σ share · log loss; both classes weigh (n + m) / 2.
    up = (n + m) / (2 * n) * (1 / (1 + np.exp(-positive @ weights - intercept)) - 1)
    down = (n + m) / (2 * m) * (1 / (1 + np.exp(-negative @ weights - intercept)))
    assert np.abs(weights + up @ positive + down @ negative).max() < 1e-8
    assert abs(up.sum() + down.sum()) < 1e-8


# --- Several models, intervals, a baseline-----------------------------------------------------------------


def noisy(like: VectorSpace, name: str, words: Iterable[str], noise: float) -> VectorSpace:
    """Some words of a space, with noise added to their vectors."""
    chance = np.random.default_rng(3)
    rows = [like.vocabulary.row(word) for word in words]
    return VectorSpace.from_words(
        [like.vocabulary[row] for row in rows],
        like.vectors[rows] + noise * chance.standard_normal((len(rows), like.dim)),
        name,
    )


QUESTIONS = [
    f"{a} {b} {c} {d}"
    for a, b in (("man", "woman"), ("king", "queen"), ("boy", "girl"), ("men", "women"), ("prince", "princess"))
    for c, d in (("man", "woman"), ("king", "queen"), ("boy", "girl"), ("men", "women"), ("prince", "princess"))
    if a != c
]


def test_models_are_compared_on_the_questions_that_all_cover(toy: VectorSpace, tmp_path: Path) -> None:
    other = noisy(toy, "other", (word for word in reversed(toy_space.WORDS) if word != "girl"), 0.9)
    sections = read(tmp_path, "\n".join(QUESTIONS))
    evaluation = embcli.evaluate_analogies([toy, other], sections, methods=["3cosadd", "3cosmul"])
    details = details_of([toy, other], sections, methods=["3cosadd", "3cosmul"])
    covers = {"toy": [True] * len(QUESTIONS), "other": ["girl" not in question for question in QUESTIONS]}
    assert [one.covered for one in details] == 2 * (covers["toy"] + covers["other"])
    assert [(one.method, one.model) for one in details[:: len(QUESTIONS)]] == [
        (method, model) for method in ("3cosadd", "3cosmul") for model in ("toy", "other")
    ]
    totals = {(row.method, row.model): row for row in evaluation.results if row.section == "all"}
    assert {(row.asked, row.covered) for row in totals.values()} == {(20, 12)}
    assert [row.covered_by_model for row in totals.values()] == [20, 12, 20, 12]
    for row in totals.values():  # the results of a model by itself
        right = sum(one.rank == 1 for one in details if (one.method, one.model) == (row.method, row.model))
        assert row.accuracy_of_all == right / 20
    assert totals["3cosadd", "toy"].accuracy_of_all > totals["3cosadd", "toy"].correct / 20
    assert [card.name for card in evaluation.models] == ["toy", "other"]
    assert len(evaluation.differences) == 2 * 2 * 2  # methods, sections, figures
    for one in evaluation.differences:
        assert (one.model, one.against) == ("other", "toy")
        assert one.method is not None
        first, second = (
            getattr(next(row for row in evaluation.results if (row.section, row.method, row.model) == key), one.figure)
            for key in ((one.section, one.method, "toy"), (one.section, one.method, "other"))
        )
        assert one.difference == pytest.approx(second - first)
        assert one.low is not None
        assert one.high is not None
        assert one.low <= one.difference <= one.high
    assert {one.figure for one in evaluation.differences} == {"accuracy", "accuracy_with_inputs"}
    assert any(one.difference < 0 for one in evaluation.differences)


def test_each_model_answers_with_its_own_words_and_ranks(toy: VectorSpace, tmp_path: Path) -> None:
    other = noisy(toy, "other", reversed(toy_space.WORDS), 0.9)
    sections = read(tmp_path, "\n".join(QUESTIONS))
    together = details_of([toy, other], sections)
    assert together == details_of([toy], sections) + details_of([other], sections)


def test_the_same_call_gives_the_same_record(toy: VectorSpace, tmp_path: Path) -> None:
    spaces = [toy, noisy(toy, "other", toy_space.WORDS, 0.9)]
    sections = read(tmp_path, "\n".join(QUESTIONS))
    first, second = (embcli.evaluate_analogies(spaces, sections, baseline="random") for _ in range(2))
    assert first == second
    ratings = {
        "some": [
            Rating(a, b, i % 7) for i, (a, b) in enumerate(zip(toy_space.WORDS, toy_space.WORDS[1:], strict=False))
        ]
    }
    first_pairs, second_pairs = (embcli.evaluate_similarity(spaces, ratings, baseline="random") for _ in range(2))
    assert first_pairs == second_pairs


def test_processes_that_share_the_work_change_nothing(
    chaos: VectorSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sections = [*pair_lines(tmp_path), *read(tmp_path, "w3 w5\nw7 w8\nw7 w9\n", "more.txt")]
    options: dict[str, Any] = {"methods": ["3cosadd", "3cosavg", "lrcos"], "baseline": "random"}
    alone = embcli.evaluate_analogies([chaos], sections, **options)
    monkeypatch.setattr("embcli.evaluation.analogies.SCORES_WORTH_PROCESSES", 0)
    monkeypatch.setattr("embcli.evaluation.analogies.processors", lambda: 2)
    told: list[tuple[int, float]] = []
    shared = embcli.evaluate_analogies([chaos], sections, **options, report=lambda *done: told.append(done))
    assert shared == alone
    assert told == sorted(told)
    assert told[-1][1] == 1


def test_random_vectors_score_near_nothing(glove: StoredSpace) -> None:
    head = VectorSpace(glove.vectors[:5000], glove.norms[:5000], glove.vocabulary, "head")
    sections = [Section("all", embcli.read_analogies()[0].items[:300])]
    small = VectorSpace.from_words([glove.vocabulary[row] for row in range(5000)], head.vectors, "small")
    evaluation = embcli.evaluate_analogies([small], sections, baseline="random")
    assert [(card.name, card.words, card.dim) for card in evaluation.models] == [
        ("small", 5000, 50),
        ("random", 5000, 50),
    ]
    real, chance = (row for row in evaluation.results if row.section == "all")
    assert real.accuracy is not None
    assert chance.accuracy is not None
    assert real.accuracy > 0.5
    assert chance.accuracy < 0.02
    assert real.covered == chance.covered
    assert evaluation.query.baseline == "random"


# --- Ratings ------------------------------------------------------------------------------------------

columns = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=40)


@given(columns)
def test_correlations_are_those_of_scipy(pairs: list[tuple[int, int]]) -> None:
    import scipy.stats

    a, b = np.array(pairs, np.float64).T
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert spearman(a, b) is None
        assert pearson(a, b) is None
        return
    assert spearman(a, b) == pytest.approx(scipy.stats.spearmanr(a, b).statistic, abs=1e-12)
    assert pearson(a, b) == pytest.approx(scipy.stats.pearsonr(a, b).statistic, abs=1e-12)


def test_pairs_that_one_model_lacks_count_for_none(toy: VectorSpace) -> None:
    other = noisy(toy, "other", (word for word in toy_space.WORDS if word != "girl"), 0.5)
    pairs = [(a, b) for a in ("man", "queen", "girl") for b in ("king", "cat", "kittens", "Boy")]
    ratings = {"some": [Rating(a, b, float(i * 7 % 5)) for i, (a, b) in enumerate(pairs)]}
    evaluation = embcli.evaluate_similarity([toy, other], ratings)
    assert [(row.model, row.asked, row.covered) for row in evaluation.results] == [("toy", 12, 8), ("other", 12, 8)]
    first, second = evaluation.results
    for one in evaluation.differences:
        assert one.difference == pytest.approx(getattr(second, one.figure) - getattr(first, one.figure))
        assert (one.low, one.high) == (None, None)  # eight pairs are too few
    assert [one.figure for one in evaluation.differences] == ["spearman", "pearson"]
    strict = embcli.evaluate_similarity([toy], ratings, case_sensitive=True).results[0]
    assert strict.covered == 9  # not Boy


def test_ratings_without_spread_or_cover_have_no_correlation(toy: VectorSpace) -> None:
    flat = {"flat": [Rating("man", word, 1.0) for word in ("king", "cat", "boy")], "far": [Rating("x", "y", 1.0)]}
    for row in embcli.evaluate_similarity([toy], flat, baseline="random").results:
        assert (row.spearman, row.spearman_low, row.pearson, row.pearson_high) == (None, None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "tiger\tcat\t7.35\nnew york\tcity\t5\n",
        "tiger,cat,7.35\nnew york,city,5\n",
        "\ufeffword 1\tword 2\tscore\r\ntiger\tcat\t7.35\r\n\r\nnew york\tcity\t5",
        "# a comment\ntiger , cat , 7.35\n# another, one, 1\nnew york , city , 5\n",
    ],
)
def test_ratings_come_with_tabs_commas_headers_and_comments(tmp_path: Path, text: str) -> None:
    file = tmp_path / "ratings.txt"
    file.write_bytes(text.encode())
    assert embcli.read_ratings(file) == [("tiger", "cat", 7.35), ("new york", "city", 5.0)]


def test_ratings_come_with_spaces(tmp_path: Path) -> None:
    file = tmp_path / "ratings.txt"
    file.write_text("a b rating\ntiger   cat 7.35\nking queen 9")
    assert embcli.read_ratings(file) == [("tiger", "cat", 7.35), ("king", "queen", 9.0)]


@pytest.mark.parametrize(
    "line", ["tiger cat nan", "tiger cat inf", "tiger cat 1e999", "tiger cat", "tiger cat x", "a b c 1"]
)
def test_a_rating_that_is_no_number_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "ratings.txt"
    file.write_text(f"king queen 8\n\n{line}\ndog cat 3\n")
    with pytest.raises(BadFile, match=r"ratings\.txt, line 3: "):
        embcli.read_ratings(file)


def test_a_first_rating_of_nan_is_not_taken_for_a_header(tmp_path: Path) -> None:
    # `nan` is an invalid number, not the name of a column: otherwise the pair would be silently dropped.
    file = tmp_path / "ratings.txt"
    file.write_text("tiger cat nan\ndog cat 3\n")
    with pytest.raises(BadFile, match=r"ratings\.txt, line 1: "):
        embcli.read_ratings(file)


# --- The command line -----------------------------------------------------------------------------------


@pytest.fixture
def at_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, and the default model `toy`."""
    mine = share(home, tmp_path / "home")
    add_store(mine, "toy", {word: toy_space.vector(word) for word in toy_space.WORDS})
    settle(monkeypatch, mine, EMBCLI_MODEL="toy")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "royals.txt").write_text(ROYALS)
    return work


def test_json_has_the_keys_of_the_contract(at_home: Path, toy: VectorSpace) -> None:
    answer = ask("evaluate", "analogies", "royals.txt", "--method", "3cosmul", "--method", "3cosadd", "--json").answer
    assert list(answer) == ["schema", "model", "query", "results", "models", "differences"]
    assert answer["schema"] == "embcli.evaluate-analogies/1"
    assert answer["model"] == {"name": "toy", "words": 15, "dim": 5}
    assert answer["query"] == {
        "questions": "royals.txt", "methods": ["3cosmul", "3cosadd"], "top": None, "case_sensitive": False,
        "baseline": None, "confidence": 0.95,
    }  # fmt: skip
    assert [list(row) for row in answer["results"]] == [SCORE_KEYS] * 10
    assert list(SectionScore._fields) == SCORE_KEYS
    evaluation = embcli.evaluate_analogies([toy], embcli.read_analogies(Path("royals.txt")))
    assert answer["results"][5:] == embcli.as_json(evaluation.results)


@pytest.mark.parametrize(("form", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_tables_for_machines_have_a_row_for_each_section(at_home: Path, form: str, delimiter: str) -> None:
    status, out, err = ask("evaluate", "analogies", "royals.txt", "--format", form)
    rows = list(csv.DictReader(io.StringIO(out), delimiter=delimiter))
    assert (status, err) == (0, "")
    assert [row["section"] for row in rows] == ["royals", "gram-plurals", "semantic", "syntactic", "all"]
    assert list(rows[0]) == SCORE_KEYS
    assert (rows[0]["covered"], rows[0]["accuracy"], rows[0]["reciprocal_rank"]) == ("4", "0.25", "0.458333")


def test_a_table_tells_coverage_beside_accuracy(at_home: Path) -> None:
    status, out, _ = ask("evaluate", "analogies", "royals.txt")
    assert status == 0
    line = next(line for line in out.splitlines() if "royals" in line and "4/5" in line)
    assert "25.0 [" in line
    assert "20.0" in line  # of all
    for options in (
        ["-m", "toy", "-m", "glove"],
        ["--method", "3cosmul", "--method", "3cosadd"],
        ["--baseline", "random"],
    ):
        status, out, err = ask("evaluate", "analogies", "royals.txt", "--vocab", "15", *options)
        # The first model covers no question, and so all of them share none.
        assert status == (1 if "no question is covered: " in err else 0)
        assert "gram-plurals" in out


def test_the_words_of_a_file_are_never_markup(at_home: Path) -> None:
    Path("bad.txt").write_text(": [red]\x1b[31m [/]\nman king woman queen\n", newline="\n")
    for options in ([], ["-m", "toy", "-m", "glove"], ["--format", "csv"], ["--format", "markdown"]):
        status, out, err = ask("evaluate", "analogies", "bad.txt", *options)
        assert (status, err) == (0, "")
        assert "\x1b" not in out


BROKEN = {
    "three words": (b"man king woman queen\n\nman king woman\n", "line 3"),
    "five words": (b": a\nman king woman queen man\n", "line 2"),
    "pairs below analogies": (b"man king woman queen\nman king\n", "line 2"),
    "analogies below pairs": (b": a\nman king\n: b\nman king woman queen\n", "line 4"),
    "not UTF-8": (b"man king woman queen\nman k\xffng woman queen\n", "line 2"),
    "UTF-16": ("man king woman queen\n".encode("utf-16"), "line 1"),
    "empty": (b"", "no questions"),
    "headings alone": (b": a\n: b\n\n", "no questions"),
}


def assert_one_line(outcome: Outcome, status: int, *parts: str) -> None:
    assert (outcome.status, outcome.out) == (status, "")
    assert outcome.err.count("\n") == 1
    assert outcome.err.startswith("embcli: ")
    for part in parts:
        assert part in outcome.err


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_of_analogies_gets_one_line_and_status_2(at_home: Path, kind: str) -> None:
    content, place = BROKEN[kind]
    Path("broken.txt").write_bytes(content)
    assert_one_line(ask("evaluate", "analogies", "broken.txt"), 2, "broken.txt", place)
    error = ask("evaluate", "analogies", "broken.txt", "--json", "--details", "out.jsonl").error
    assert (error["code"], "broken.txt" in error["message"]) == ("bad_file", True)
    assert not Path("out.jsonl").exists()


def test_a_folder_of_mixed_files_or_of_none_is_refused(at_home: Path) -> None:
    Path("folder").mkdir()
    assert_one_line(ask("evaluate", "analogies", "folder"), 2, "folder", "no .txt files")
    Path("folder/pairs.txt").write_text("man king\n")
    Path("folder/analogies.txt").write_text(ROYALS)
    assert_one_line(ask("evaluate", "analogies", "folder"), 2, "folder", "some lines are analogies")


@pytest.mark.parametrize("command", ["analogies", "similarity"])
def test_a_missing_file_has_status_4(at_home: Path, command: str) -> None:
    assert_one_line(ask("evaluate", command, "nowhere.txt"), 4, "nowhere.txt")
    assert ask("evaluate", command, "nowhere.txt", "--json").error["code"] == "io"


@pytest.mark.parametrize(
    ("content", "place"),
    [(b"", "no pairs"), (b"a b score\n", "no pairs"), (b"a b 1\na b\n", "line 2"), (b"a b 1\n\xff b 1\n", "line 2")],
)
def test_a_broken_file_of_ratings_gets_one_line_and_status_2(at_home: Path, content: bytes, place: str) -> None:
    Path("broken.tsv").write_bytes(content)
    assert_one_line(ask("evaluate", "similarity", "broken.tsv"), 2, "broken.tsv", place)


@pytest.mark.parametrize(
    ("arguments", "status", "part"),
    [
        (["analogies", "royals.txt", "--method", "3cosadder"], 2, "3cosadder"),
        (["analogies", "royals.txt", "--method", "lrcos"], 2, "learns from pairs"),
        (["analogies", "royals.txt", "--vocab", "0"], 2, "'--vocab': 0 is less than 1"),
        (["analogies", "royals.txt", "--baseline", "luck"], 2, "luck"),
        (["analogies", "royals.txt", "-m", "nope"], 3, "nope"),
        (["analogies", "royals.txt", "--details", "nowhere/out.jsonl"], 4, "nowhere"),
        (["similarity", "--vocab", "0"], 2, "'--vocab': 0 is less than 1"),
    ],
)
def test_what_cannot_be_evaluated_gets_one_line(at_home: Path, arguments: list[str], status: int, part: str) -> None:
    assert_one_line(ask("evaluate", *arguments), status, part)


def test_details_are_one_line_of_json_for_each_question_and_agree_with_the_counts(at_home: Path) -> None:
    options = ["royals.txt", "--method", "3cosadd", "--method", "pairdirection", "--baseline", "random"]
    answer = ask("evaluate", "analogies", *options, "--details", "out.jsonl", "--json").answer
    lines = [json.loads(line) for line in Path("out.jsonl").read_text("ascii").splitlines()]
    asked = [line.split() for line in ROYALS.splitlines() if not line.startswith(":")]
    assert [[*line["words"], *line["expected"]] for line in lines] == 4 * asked
    for row in answer["results"]:
        if row["section"] in ("semantic", "syntactic"):
            continue
        mine = [
            line
            for line in lines
            if (line["model"], line["method"]) == (row["model"], row["method"])
            and row["section"] in (line["section"], "all")
        ]
        assert len(mine) == row["asked"]
        assert sum(line["covered"] for line in mine) == row["covered"]
        assert sum(line["rank"] == 1 for line in mine) == row["correct"]
        assert sum(line["rank_with_inputs"] == 1 for line in mine) == row["correct_with_inputs"]
        right = [line for line in mine if line["answer"] in line["expected"]]
        assert len(right) == row["correct"]
        uncovered = [line for line in mine if not line["covered"]]
        assert all(line["rank"] is line["answer"] is line["answer_with_inputs"] is None for line in uncovered)
        reciprocal = sum(1 / line["rank"] for line in mine if line["rank"]) / row["covered"]
        assert row["reciprocal_rank"] == pytest.approx(reciprocal, abs=1e-6)


def test_an_older_file_of_details_is_replaced_and_no_other_file(at_home: Path) -> None:
    out = Path("out.jsonl")
    command = ["evaluate", "analogies", "royals.txt", "--details"]
    out.touch()  # empty, as mktemp leaves it
    assert ask(*command, "out.jsonl").status == 0
    first = out.read_text()
    assert ask(*command, "out.jsonl", "--vocab", "6").status == 0
    assert first != out.read_text()
    assert out.read_text().count("\n") == 8
    assert_one_line(ask(*command, "royals.txt"), 2, "royals.txt", "not a details file")
    assert Path("royals.txt").read_text() == ROYALS
    assert_one_line(ask(*command, "."), 2, "not a details file")
    assert {path.name for path in at_home.iterdir()} == {"royals.txt", "out.jsonl"}


@pytest.mark.parametrize(
    ("error", "status"), [(OSError(28, "No space left on device"), 4), (UsageProblem("no", "no"), 2)]
)
def test_an_error_leaves_the_older_details_whole_and_nothing_else(
    at_home: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def write_two(record: Detail) -> str:
        written.append(record)
        if len(written) > 2:
            raise error
        return json.dumps(record) + "\n"

    written: list[Detail] = []
    assert ask("evaluate", "analogies", "royals.txt", "--details", "out.jsonl").status == 0
    before = Path("out.jsonl").read_bytes()
    monkeypatch.setattr("embcli.render.as_json.dumps", write_two)
    for name in ("out.jsonl", "new.jsonl"):
        written.clear()
        assert_one_line(ask("evaluate", "analogies", "royals.txt", "--details", name), status)
    assert Path("out.jsonl").read_bytes() == before
    assert {path.name for path in at_home.iterdir()} == {"royals.txt", "out.jsonl"}


def test_similarity_takes_a_file_or_both_known_sets(at_home: Path) -> None:
    Path("some.csv").write_text("man,king,3\nman,queen,2\nman,girl,2.5\nman,nowhere,1\nqueen,empress,9\n")
    answer = ask("evaluate", "similarity", "some.csv", "--json").answer
    row = answer["results"][0]
    assert (answer["query"]["questions"], row["section"], row["asked"], row["covered"]) == (["some"], "some", 5, 4)
    assert (row["spearman"], row["spearman_low"], row["spearman_high"]) == (
        0.948683,
        None,
        None,
    )  # four pairs are too few
    both = ask("evaluate", "similarity", "-m", "glove", "--json").answer
    assert [(one["section"], one["asked"]) for one in both["results"]] == [("wordsim353", 353), ("simlex999", 999)]
    status, out, _ = ask("evaluate", "similarity", "some.csv", "-m", "toy", "-m", "glove")
    assert status == 0
    assert "4/5" in out


def test_a_number_is_never_cut(at_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    for columns in ("30", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        out = ask("evaluate", "analogies", "royals.txt", "--method", "3cosadd", "--method", "3cosmul").out
        shown.append(sorted(re.findall(r"[0-9.]+ / [0-9.]+", out)))
    assert shown[0] == shown[1]
    assert len(shown[0]) == 10


@pytest.mark.parametrize("line", ["a b nan", "a b 1e", "a b 3,5x", "a b", "a b 1 2"])
def test_a_first_line_with_digits_is_no_header(tmp_path: Path, line: str) -> None:
    (tmp_path / "ratings.txt").write_text(f"{line}\nking queen 5\n")
    with pytest.raises(BadFile, match="line 1"):
        embcli.read_ratings(tmp_path / "ratings.txt")


def test_huge_ratings_and_rounding_noise_make_no_figures(toy: VectorSpace) -> None:
    huge = [Rating("king", "queen", 1e308), Rating("man", "woman", -1e308), Rating("king", "cats", 3.0)]
    row = embcli.evaluate_similarity([toy], {"huge": huge}).results[0]
    assert row.pearson is not None
    assert -1 <= row.pearson <= 1
    same = [Rating(word, word, i) for i, word in enumerate(("king", "queen", "man", "woman"))]
    assert embcli.evaluate_similarity([toy], {"same": same}).results[0].spearman is None


def test_two_files_of_one_name_are_two_sections(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "I01.txt").write_text("cat cats\ndog dogs\n")
    assert [section.name for section in embcli.read_analogies(tmp_path)] == ["a/I01", "b/I01"]
