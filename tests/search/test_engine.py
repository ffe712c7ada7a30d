"""Many questions in one pass: the same rows, scores and ranks as scoring every row in float64."""

import os
import random
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import embcli
from embcli.errors import DamagedStore, EmbcliError
from embcli.queries.analogy import answer_many
from embcli.queries.questions import RankingQuestion
from embcli.search import engine, int8, local, settling
from embcli.search.engine import search
from embcli.search.formulas import Cosines, Formula, LikelyCosines, PairDirections, ProductsOfCosines, SumsOfCosines
from embcli.search.length_formulas import Distances, Dots
from embcli.search.settling import Search
from embcli.store.codes import quantize
from embcli.vectors.arithmetic import NO_STEP, Float64Array, row_norms, unit_rows
from embcli.vectors.space import VectorSpace

# Factors of rows; -1 reverses them, and the squares of the last two are outside the range of float32.
LENGTHS = (1.0, 1.0, 3.0, -1.0, 0.1, 1e-20, 1e20)
# Relative distances of nearly equal rows: in the last bit, and at about the 6 printed decimals.
JITTERS = (0.0, 2.0**-23, 3e-7, 1e-6)
WEIGHTS = (1.0, 1.0, 1.0, -1.0, 0.5, -2.0)
EXAMPLES = settings(max_examples=150)


class Space(NamedTuple):
    """A small space with few directions and many rows of each, and the block sizes of the search."""

    space: VectorSpace
    top: int | None
    sizes: dict[str, Any]
    chance: np.random.Generator


def make_space(vectors: npt.NDArray[np.float32]) -> VectorSpace:
    space = VectorSpace.from_words([f"w{i}" for i in range(len(vectors))], vectors)
    space.int8 = quantize(space.vectors, np.linalg.norm(space.vectors.astype(np.float64), axis=1))
    return space


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Copies, multiples, opposites and near-copies of a few vectors of small integers."""
    dim = draw(st.integers(1, 6))
    numbers = st.lists(st.integers(-2, 2), min_size=dim, max_size=dim)
    base = np.array(draw(st.lists(numbers, min_size=1, max_size=8)), np.float64)
    lengths = draw(st.lists(st.sampled_from(LENGTHS), min_size=1, max_size=4))
    jitter = draw(st.sampled_from(JITTERS))
    count = draw(st.integers(1, 400))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = base[chance.integers(0, len(base), count)] * chance.choice(lengths, (count, 1))
    vectors = (rows * (1 + jitter * chance.standard_normal((count, dim)))).astype(np.float32)
    sizes = {
        "SLICE_ROWS": draw(st.sampled_from([(64, 64), (100, 100), (1024, 1024)])),
        "FEW_DIRECTIONS": draw(st.sampled_from([0, 8])),
        "SCORE_NUMBERS": draw(st.sampled_from([64, 400, 1 << 19])),
        "MANY_OPEN": draw(st.sampled_from([0, 100, 1 << 18])),
        "MANY_CANDIDATES": draw(st.sampled_from([30, 1 << 20])),
        "GROUP": draw(st.sampled_from([4, 64])),
        "MANY": draw(st.sampled_from([0, 8])),
        "MANY_OPEN_ROWS": draw(st.sampled_from([1, 20, 1 << 19])),
        "FEW": draw(st.sampled_from([0, 1 / 128, 1])),
    }
    top = draw(st.none() | st.integers(1, count + 5))
    return Space(make_space(vectors), top, sizes, chance)


def assert_exact(one: Space, formula: Formula, count: int) -> None:
    """Check best rows and ranks of wanted rows against a sort of all exact scores."""
    rows = len(one.space)
    searched = np.arange(min(rows, one.top or rows))
    asked = [
        Search(int(one.chance.choice([0, 1, 3, 10, rows, rows + 9])), tuple(one.chance.integers(0, rows, i % 5)))
        for i in range(1, count + 1)
    ]
    sizes = dict(one.sizes)
    slices, few = sizes.pop("SLICE_ROWS"), sizes.pop("FEW_DIRECTIONS", 0)
    scores_at_once = {"SCORE_NUMBERS": sizes.pop("SCORE_NUMBERS")}
    # With few directions, slices are parts of larger products.
    products = {"FEW_DIRECTIONS": few, "FEW_ROWS": slices[1], "LARGE_NUMBERS": 0, "PRODUCT_NUMBERS": 300 if few else 1}
    patches = (
        patch.multiple(local, SLICE_ROWS=slices, **products),
        patch.multiple(engine, **scores_at_once),
        patch.multiple(settling, **sizes),
        patch.multiple(int8, CODED_ROWS=slices[1]),
    )
    found = {}
    for name in ("local", "int8"):
        with ExitStack() as stack:
            for one_patch in (*patches, patch.dict(os.environ, EMBCLI_ENGINE=name)):
                stack.enter_context(one_patch)
            found[name] = search(one.space, formula, asked, one.top)
    for number, question in enumerate(asked):
        scores = formula.rounded(formula.exact(np.full(rows, number), np.arange(rows)))
        order = np.lexsort((searched, -scores[searched]))
        places = {int(row): place for place, row in enumerate(order, start=1)}
        for answer in (found["local"][number], found["int8"][number]):
            assert answer.rows.tolist() == order[: question.k].tolist()
            assert answer.scores.tolist() == scores[order[: question.k]].tolist()
            assert list(answer.places) == [(places.get(row), scores[row]) for row in question.wanted]


def triples(one: Space, count: int) -> list[list[tuple[int, float]]]:
    """Questions b - a + c from few rows, so that heads and tails recur; some are sorted, which gives runs."""
    few = one.chance.integers(0, len(one.space), 4)
    listed = [[(int(b), 1.0), (int(a), -1.0), (int(c), 1.0)] for b, a, c in one.chance.choice(few, (count, 3))]
    return sorted(listed) if one.chance.random() < 0.5 else listed


def sums_of(space: VectorSpace, terms: Sequence[Sequence[tuple[int, float]]]) -> Float64Array:
    """Σ weight · v̂ for each question."""
    units = unit_rows(space.float64(np.arange(len(space))))
    return np.array([sum((weight * units[row] for row, weight in one), np.zeros(space.dim)) for one in terms])


@EXAMPLES
@given(spaces(), st.integers(1, 12))
def test_cosines_are_ranked_exactly(one: Space, count: int) -> None:
    queries = one.space.float64(one.chance.integers(0, len(one.space), count))
    queries += one.chance.integers(-1, 2, queries.shape) * 1.0
    assert_exact(one, Cosines(one.space, queries), count)


@EXAMPLES
@given(spaces(), st.integers(1, 12), st.sampled_from([Dots, Distances]))
def test_dot_products_and_distances_are_ranked_exactly(one: Space, count: int, kind: type[Dots | Distances]) -> None:
    queries = one.space.float64(one.chance.integers(0, len(one.space), count))
    queries += one.chance.integers(-1, 2, queries.shape) * 1.0
    queries = queries[queries.any(axis=1)]
    assume(len(queries))
    assert_exact(one, kind(one.space, queries), len(queries))


@EXAMPLES
@given(spaces(), st.integers(1, 30), st.booleans())
def test_sums_of_cosines_are_ranked_exactly(one: Space, count: int, weighted: bool) -> None:
    terms = triples(one, count)
    if weighted:  # heads of any length and weights; some all but cancel their tails
        rows = one.chance.integers(0, len(one.space), 5)
        heads = [[(int(row), float(one.chance.choice(WEIGHTS))) for row in rows[: i % 4]] for i in range(3)]
        terms = [[*heads[i % 3], (int(one.chance.choice(rows)), 1.0)] for i in range(count)]
        terms += [[(int(rows[i % 2]), -1.0), (int(row), 1.0)] for i, row in enumerate(rows)]
    vectors = sums_of(one.space, terms)
    terms = [question for question, vector in zip(terms, vectors, strict=True) if np.linalg.norm(vector) > NO_STEP]
    assume(terms)
    assert_exact(one, SumsOfCosines(one.space, terms, sums_of(one.space, terms)), len(terms))


@EXAMPLES
@given(spaces(), st.integers(1, 12), st.booleans())
def test_products_of_cosines_are_ranked_exactly(one: Space, count: int, weighted: bool) -> None:
    terms = triples(one, count)
    if weighted:  # any number of terms and weights, a positive one last
        rows = one.chance.integers(0, len(one.space), 4)
        terms = [
            [
                *((int(row), float(one.chance.choice(WEIGHTS))) for row in one.chance.choice(rows, number % 4)),
                (int(rows[0]), float(one.chance.choice([1.0, 1.0, 0.25, 3.0]))),
            ]
            for number in range(count)
        ]
    assert_exact(one, ProductsOfCosines(one.space, terms), count)


@EXAMPLES
@given(spaces(), st.integers(1, 12))
def test_pair_directions_are_ranked_exactly(one: Space, count: int) -> None:
    terms = triples(one, count)
    steps = sums_of(one.space, [question[:2] for question in terms])
    terms = [question for question, step in zip(terms, steps, strict=True) if np.linalg.norm(step) > NO_STEP]
    assume(terms)
    assert_exact(one, PairDirections(one.space, terms), len(terms))


@EXAMPLES
@given(spaces(), st.integers(1, 12), st.sampled_from([0.1, 1.0, 30.0, 1e4]))
def test_likely_cosines_are_ranked_exactly(one: Space, count: int, steepness: float) -> None:
    tails = one.chance.integers(0, len(one.space), count).tolist()
    weights = steepness * one.chance.integers(-2, 3, (count, one.space.dim)).astype(np.float64)
    # Some rows have probability 1/2, where its slope is greatest.
    middles = unit_rows(one.space.float64(one.chance.integers(0, len(one.space), count)))
    intercepts = one.chance.integers(-1, 2, count) - (weights * middles).sum(axis=1)
    assert_exact(one, LikelyCosines(one.space, tails, weights, intercepts), count)


def all_alike(kind: Callable[[int], npt.NDArray[np.float64]]) -> Space:
    vectors = np.array([kind(i) for i in range(300)]).astype(np.float32)
    sizes = {"SLICE_ROWS": (64, 64), "SCORE_NUMBERS": 64, "MANY_CANDIDATES": 30}
    return Space(make_space(vectors), None, sizes, np.random.default_rng(0))


@pytest.mark.parametrize(
    "kind",
    [
        lambda i: np.array([1.0, 0, 0]),  # one vector
        lambda i: np.zeros(3),  # all but nothing
        lambda i: np.eye(3)[i % 3] * (-1) ** i,  # perpendicular and opposite
        lambda i: np.array([1, i * 1e-8, 0]),  # a fan within the sixth decimal
        lambda i: np.array([1, i * 3e-4, 0]),  # cosines that fall by little at first
        lambda i: np.array([1, 300e-3 - i * 1e-3, 0]),  # each row better than those before
        lambda i: np.array([10.0 ** (i % 60 - 30), 1e-20, 0]),  # all lengths
    ],
)
def test_spaces_where_nearly_everything_ties(kind: Callable[[int], npt.NDArray[np.float64]]) -> None:
    one = all_alike(kind)
    queries = np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1], [-1, 1e-9, 0]])
    for formula in (Cosines(one.space, queries), Dots(one.space, queries), Distances(one.space, queries)):
        assert_exact(one, formula, 4)
    terms = [[(0, 1.0), (1, -1.0), (2, 1.0)], [(0, 1.0), (1, -0.5), (299, 1.0)]]
    assert_exact(one, ProductsOfCosines(one.space, terms), 2)
    assert_exact(one, LikelyCosines(one.space, [0, 299], np.eye(3)[:2] * 5, np.array([0.0, -3])), 2)


def test_from_a_word_without_a_direction_a_pair_direction_is_a_plain_cosine() -> None:
    # v̂ - 0 = v̂, of length 1: its cosine with d. So b and d tie, and a is the last of six.
    vectors = np.array([[0, 0], [2, 0], [2, 1], [1, 2], [2, 1], [0, 1]], np.float32)
    space = VectorSpace.from_words(["zero", "a", "b", "c", "d", "e"], vectors)
    ranking = embcli.solve_analogy(space, "b - a + zero", method="pairdirection", include_inputs=True, k=6, expect="d")
    assert [answer.word for answer in ranking.results] == ["e", "c", "b", "d", "zero", "a"]
    assert [answer.rank for answer in ranking.inputs] == [3, 6, 5]
    assert ranking.expected is not None
    assert (ranking.expected.rank, ranking.expected.rank_with_inputs) == (3, 4)  # behind e, c and the input b


@pytest.mark.parametrize(
    "weights",
    [(1e8, -1, 1), (1, -1e8, 1), (1e8, 1e8, -1, 1), (1e8, -1e8, 1), (-1e8, 1e8), (1e30, 1e-30, -1e30, 1e8), (0, 0, 1)],
)
def test_3cosmul_with_great_weights_is_ranked_exactly_without_a_warning(weights: Sequence[float]) -> None:
    one = all_alike(lambda i: np.random.default_rng(i % 200).standard_normal(5))
    terms = [[(shift + i, float(weight)) for i, weight in enumerate(weights)] for shift in range(20)]
    assert_exact(one, ProductsOfCosines(one.space, terms), len(terms))


def test_a_search_for_the_best_alone_needs_no_wanted_rows() -> None:
    space = make_space(np.eye(3, dtype=np.float32))
    assert [one.rows.tolist() for one in search(space, Cosines(space, np.eye(3)), [Search(1)] * 3)] == [[0], [1], [2]]


# --- Real vectors -------------------------------------------------------------------------------------


def true_scores(glove: VectorSpace, method: str, b: int, a: int, c: int) -> Float64Array:
    """The score of every row in float64 by a paper's formula, with far more digits than printed."""
    units = glove.vectors / np.linalg.norm(glove.vectors.astype(np.float64), axis=1)[:, None]
    if method == "3cosadd":
        q = units[b] - units[a] + units[c]
        return np.asarray(units @ q / np.linalg.norm(q))
    if method == "3cosmul":
        near_b, near_a, near_c = ((1 + units @ units[row]) / 2 for row in (b, a, c))
        return np.asarray(near_b * near_c / (near_a + 1e-6))
    direction, steps = units[b] - units[a], units - units[c]
    distances = np.linalg.norm(steps, axis=1)
    distances[c] = 1  # the zero difference has no direction
    return np.asarray(steps @ direction / distances / np.linalg.norm(direction))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "count", "top"),
    [("3cosadd", 12, None), ("3cosadd", 6, 3000), ("3cosmul", 4, None), ("pairdirection", 4, None)],
)
def test_analogies_of_glove_answered_together_are_those_of_a_sort_of_all_scores(
    glove: VectorSpace, method: str, count: int, top: int | None
) -> None:
    chance = random.Random(2014)
    rows = chance.sample(range(2000), 12)
    heads = [chance.sample(rows, 2) for _ in range(4)]  # few heads and tails, which the questions share
    asked = [(*chance.choice(heads), chance.choice(rows), chance.choice(rows)) for _ in range(3 * count)]
    asked = [one for one in asked if len(set(one[:3])) == 3][:count]
    questions = [
        RankingQuestion(
            f'"{glove.vocabulary[b]}" - "{glove.vocabulary[a]}" + "{glove.vocabulary[c]}"',
            method=method,
            k=5,
            top=top,
            expect=glove.vocabulary[expected],
        )
        for b, a, c, expected in asked
    ]
    for (b, a, c, expected), answer in zip(asked, answer_many(glove, questions), strict=True):
        assert not isinstance(answer, EmbcliError)
        scores = np.round(true_scores(glove, method, b, a, c), 6)
        order = np.argsort(-scores[:top], kind="stable")
        place = {int(row): number for number, row in enumerate(order, start=1)}
        best = [int(row) for row in order[:8] if row not in (a, b, c)][:5]
        assert [(one.word, one.score) for one in answer.results] == [
            (glove.vocabulary[row], scores[row]) for row in best
        ]
        assert [one.rank for one in answer.inputs] == [place.get(row) for row in (b, a, c)]
        assert answer.expected is not None
        assert answer.expected.rank_with_inputs == place.get(expected)


def test_questions_of_all_kinds_answered_together_equal_those_asked_alone() -> None:
    chance = np.random.default_rng(2013)
    space = make_space(np.repeat(chance.integers(-2, 3, (90, 4)), 4, axis=0).astype(np.float32))
    expressions = [" ".join(f"{chance.choice(['+', '-'])} {chance.choice([1, 1, 2, 0.5])}*w{chance.integers(0, 400)}"
                            for _ in range(chance.integers(1, 5))) for _ in range(300)]  # fmt: skip
    expressions += [f"w{b} - w{a} + w{c}" for a, b, c in chance.integers(0, 60, (300, 3))]
    questions = [
        RankingQuestion(
            expression,
            str(chance.choice(["3cosadd", "3cosadd", "3cosmul", "pairdirection"])),
            str(chance.choice(["cosine", "cosine", "cosine", "dot", "euclidean"])),
            raw=bool(chance.random() < 0.1),
            k=int(chance.choice([0, 1, 5, 400, 2000])),
            top=[None, None, 100, 1][chance.integers(0, 4)],
            include_inputs=bool(chance.random() < 0.5),
            expect=[None, "w7", "w350", "w360"][chance.integers(0, 4)],
        )
        for expression in expressions
    ]
    together = list(answer_many(space, questions))
    assert len(together) == len(questions)
    for question, answer in zip(questions, together, strict=True):
        if isinstance(answer, EmbcliError):
            with pytest.raises(type(answer), match=re.escape(str(answer))):
                embcli.solve_analogy(space, **question._asdict())
        else:
            assert answer == embcli.solve_analogy(space, **question._asdict())
    assert 50 < sum(isinstance(answer, EmbcliError) for answer in together) < 500  # of each kind enough


# --- Damage -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 130, 299])
def test_numbers_that_are_not_finite_are_told_as_damage(bad: float, row: int) -> None:
    vectors = np.random.default_rng(0).standard_normal((300, 3)).astype(np.float32)
    whole = make_space(vectors)
    vectors[row, 1] = bad
    with np.errstate(invalid="ignore"):
        norms = row_norms(vectors)
    damaged = VectorSpace(vectors, norms, whole.vocabulary, "damaged")
    sizes: dict[str, Any] = {"PRODUCT_NUMBERS": 1, "SLICE_ROWS": (64, 64), "FEW_DIRECTIONS": 0}
    with np.errstate(invalid="ignore"), patch.multiple(local, **sizes):
        for kind in (Cosines, Dots, Distances):
            with pytest.raises(DamagedStore):
                search(damaged, kind(damaged, np.eye(3)), [Search(1, (0,))] * 3)
