"""Search on a server: what is called exact equals the local answer, whatever the rounding of the server."""

from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from remote import MemoryCollection, on_server
from test_engine import Space, spaces, triples

from embcli.errors import UsageProblem
from embcli.search import milvus, two_lists
from embcli.search.engine import search
from embcli.search.formulas import Cosines, Formula, LikelyCosines, PairDirections, ProductsOfCosines, SumsOfCosines
from embcli.search.length_formulas import Distances, Dots
from embcli.search.settling import Found, Search
from embcli.vectors.arithmetic import Float64Array, unit_rows
from embcli.vectors.space import VectorSpace

METRICS: dict[type[Cosines | Dots | Distances], str] = {Cosines: "COSINE", Dots: "IP", Distances: "L2"}


def compare(
    local: VectorSpace,
    asked: list[Search],
    found: list[Found],
    formula: Formula,
    top: int | None,
    *,
    are_ranks_proven: bool = True,
) -> int:
    """Check answers against a sort of all exact scores; returns how many of them are called exact.

    are_ranks_proven: False if the errors of the server are not known, so that nothing is called exact.
    """
    rows = len(local)
    searched = np.arange(min(rows, top or rows))
    exact = 0
    for number, (question, answer) in enumerate(zip(asked, found, strict=True)):
        scores = formula.rounded(formula.exact(np.full(rows, number), np.arange(rows)))
        order = np.lexsort((searched, -scores[searched]))
        places = {int(row): place for place, row in enumerate(order, start=1)}
        if answer.is_exact:
            exact += 1
            assert answer.rows.tolist() == order[: question.k].tolist()
            assert answer.scores.tolist() == scores[order[: question.k]].tolist()
        for row, (rank, score), least in zip(question.wanted, answer.places, answer.least_ranks, strict=True):
            assert score == scores[row]
            if rank is not None:
                assert not are_ranks_proven or rank == places[row]
            elif least is None:
                assert row not in places
            else:
                assert least <= places[row]
    return exact


@settings(max_examples=200)
@given(
    spaces(), st.integers(1, 5), st.sampled_from(list(METRICS)), st.integers(0, 40), st.floats(0, 1.9), st.booleans()
)
def test_what_is_called_exact_is_exact(
    one: Space, count: int, kind: type[Cosines | Dots | Distances], most: int, noise: float, knows_norms: bool
) -> None:
    queries = one.space.float64(one.chance.integers(0, len(one.space), count))
    queries += one.chance.integers(-1, 2, queries.shape) * 1.0
    queries = queries[(np.abs(queries).max(axis=1) > 1e-3) & (np.abs(queries).max(axis=1) < 1e3)]
    assume(len(queries))
    are_fit = (one.space.norms == 0) | ((one.space.norms > 1e-15) & (one.space.norms < 1e15))
    assume(knows_norms or are_fit.all())  # the one condition on collections whose norms are not known
    remote = on_server(one.space, METRICS[kind], noise=noise, knows_norms=knows_norms)
    largest = min(10, len(one.space))
    asked = [
        Search(int(one.chance.integers(0, largest + 1)), tuple(one.chance.integers(0, len(one.space), i % 4)))
        for i in range(len(queries))
    ]
    with patch.multiple(milvus, MOST_RETURNED=14 + 2 + most, EXTRA_ROWS=2, RETURNED_AT_ONCE=50, NUMBERS_AT_ONCE=50):
        found = search(remote, kind(remote, queries), asked, one.top)
    is_proven = knows_norms or kind is Cosines
    exact = compare(one.space, asked, found, kind(one.space, queries), one.top, are_ranks_proven=is_proven)
    assert is_proven or not exact


def random_space(rows: int, dim: int) -> VectorSpace:
    numbers = np.random.default_rng(rows).standard_normal((rows, dim))
    return VectorSpace.from_words([f"w{row}" for row in range(rows)], numbers, "random")


@pytest.mark.parametrize("kind", METRICS)
@pytest.mark.parametrize("top", [None, 500])
def test_answers_of_ordinary_vectors_are_exact_in_one_or_two_requests(
    kind: type[Cosines | Dots | Distances], top: int | None
) -> None:
    local = random_space(3000, 20)
    remote = on_server(local, METRICS[kind])
    queries = local.float64([1, 2, 3])
    asked = [Search(10, (row, 2999)) for row in (1, 2, 3)]
    formula = kind(remote, queries)
    assert isinstance(remote.collection, MemoryCollection)
    before = remote.collection.requests
    found = search(remote, formula, asked, top)
    assert compare(local, asked, found, kind(local, queries), top) == 3
    assert all(rank is not None for one in found for rank, _ in one.places) is (top is None)
    assert remote.collection.requests - before < 20


def test_sums_of_shared_terms_have_the_scores_of_one_vector() -> None:
    local = random_space(500, 8)
    remote = on_server(local)
    terms = [[(1, 1.0), (2, -1.0), (3, 1.0)], [(1, 1.0), (2, -1.0), (4, 1.0)]]
    vectors = sums(local, terms)
    asked = [Search(5, (1, 2)), Search(5, (1, 2))]
    found = search(remote, SumsOfCosines(remote, terms, vectors), asked)
    assert compare(local, asked, found, SumsOfCosines(local, terms, vectors), None) == 2


def sums(space: VectorSpace, terms: list[list[tuple[int, float]]]) -> Float64Array:
    units = unit_rows(space.float64(np.arange(len(space))))
    return np.array([sum((weight * units[row] for row, weight in one), np.zeros(space.dim)) for one in terms])


@settings(max_examples=150)
@given(spaces(), st.integers(1, 4), st.booleans(), st.integers(0, 100), st.floats(0, 1.9), st.integers(0, 1))
def test_what_is_called_exact_of_two_lists_is_exact(
    one: Space, count: int, is_product: bool, most: int, noise: float, negatives: int
) -> None:
    units = unit_rows(one.space.float64(np.arange(len(one.space))))
    terms = triples(one, count)
    if is_product:
        terms = [[(row, weight) for row, weight in question if weight > 0 or negatives] for question in terms]
    else:
        terms = [question for question in terms if np.abs(units[question[0][0]] - units[question[1][0]]).max() > 1e-6]
    assume(terms)
    kind = ProductsOfCosines if is_product else PairDirections
    remote = on_server(one.space, noise=noise)
    largest = min(10, len(one.space))
    asked = [
        Search(int(one.chance.integers(0, largest + 1)), tuple(one.chance.integers(0, len(one.space), i % 4)))
        for i in range(len(terms))
    ]
    with (
        patch.multiple(milvus, MOST_RETURNED=16 + most, EXTRA_ROWS=2, RETURNED_AT_ONCE=50),
        patch.multiple(two_lists, SCORED_FIRST=3),
    ):
        found = search(remote, kind(remote, terms), asked, one.top)
    compare(one.space, asked, found, kind(one.space, terms), one.top)


@given(st.integers(1, 3), st.floats(-1, 3), st.floats(-1, 1), st.floats(-1, 1))
def test_the_bound_of_3cosmul_is_its_largest_value_for_the_cosines_that_are_possible(
    positives: int, x: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    bound = two_lists._Product(np.zeros((2, 1)), 1.0, positives, True).upper(
        np.array([x]), np.array([-low]), np.array([-high])
    )[0]
    a = np.linspace(low, high, 20_001)
    values = np.clip((positives + x + a) / (2 * positives), 0, 1) ** positives / ((1 + a) / 2 + 1e-6)
    assert values.max() <= bound * (1 + 1e-12)
    assert bound <= values.max() * 1.01


@pytest.mark.parametrize("kind", [ProductsOfCosines, PairDirections])
def test_two_lists_prove_the_answers_of_ordinary_vectors(kind: type[ProductsOfCosines | PairDirections]) -> None:
    local = random_space(3000, 10)
    terms = [[(1, 1.0), (2, -1.0), (3, 1.0)], [(4, 1.0), (2, -1.0), (5, 1.0)]]
    asked = [Search(8, (1, 2, 3)), Search(8, (4, 5))]
    with patch.multiple(milvus, MOST_RETURNED=1000):
        remote = on_server(local)
        found = search(remote, kind(remote, terms), asked)
    assert compare(local, asked, found, kind(local, terms), None) == 2


def test_equal_rows_beyond_the_limit_of_the_server_leave_the_order_open() -> None:
    local = VectorSpace.from_words([f"w{row}" for row in range(100)], [[1.0, 0.0]] * 99 + [[-1.0, 0.0]])
    with patch.multiple(milvus, MOST_RETURNED=60, EXTRA_ROWS=2):
        found = search(on_server(local), Cosines(local, np.array([[1.0, 0.0]])), [Search(5, (0, 99))])[0]
    assert not found.is_exact
    assert found.places[1] == (None, -1.0)
    assert found.least_ranks[1] == 61  # of 60 rows that are better


def test_ranks_deeper_than_the_server_returns_have_a_lower_bound() -> None:
    local = random_space(400, 10)
    remote = on_server(local)
    query = local.float64([0])
    formula = Cosines(remote, query)
    scores = formula.rounded(formula.exact(np.zeros(400, np.intp), np.arange(400)))
    last = int(np.argmin(scores))
    with patch.multiple(milvus, MOST_RETURNED=100, EXTRA_ROWS=5):
        found = search(remote, formula, [Search(3, (0, last))])[0]
    assert found.is_exact
    assert found.places == ((1, 1.0), (None, float(scores[last])))
    assert found.least_ranks == (None, 101)


def test_a_server_with_fewer_bits_than_float32_is_found_out() -> None:
    local = random_space(2000, 20)
    found = search(on_server(local, noise=300.0), Cosines(local, local.float64([0])), [Search(10, ())])[0]
    assert not found.is_exact


def test_an_approximate_index_is_never_called_exact() -> None:
    local = random_space(2000, 20)
    found = search(on_server(local, missed=0.2), Cosines(local, local.float64([0])), [Search(10, (0, 1999))])[0]
    assert not found.is_exact
    assert len(found.rows) == 10
    assert found.least_ranks[1] is not None


def test_zero_vectors_are_ranked_even_if_the_server_does_not_return_them() -> None:
    local = VectorSpace.from_words(
        [f"w{row}" for row in range(60)], [[0.0, 0.0]] * 3 + [[1.0, 0.1 * row] for row in range(57)]
    )
    query = np.array([[-1.0, 0.0]])  # all others have negative cosines
    with patch.multiple(milvus, EXTRA_ROWS=0):
        found = search(on_server(local), Cosines(local, query), [Search(3, ())])[0]
    assert found.is_exact
    assert found.rows.tolist() == [0, 1, 2]


MISMATCHES: list[tuple[Callable[[VectorSpace], Formula], str]] = [
    (lambda space: Dots(space, space.float64([0])), "serves the metric cosine, not dot"),
    (lambda space: Distances(space, space.float64([0])), "serves the metric cosine, not euclidean"),
    (lambda space: ProductsOfCosines(space, [[(0, 0.5), (1, 1.0)]]), "3cosmul is answered for words of weight 1"),
    (lambda space: ProductsOfCosines(space, [[(0, -1.0), (1, -1.0), (2, 1.0)]]), "of which one may be subtracted"),
    (
        lambda space: LikelyCosines(space, [0], space.float64([1]), np.zeros(1)),
        "lrcos cannot be answered",
    ),
]


@pytest.mark.parametrize(("make", "message"), MISMATCHES)
def test_what_the_index_does_not_serve_is_refused(make: Callable[[VectorSpace], Formula], message: str) -> None:
    remote = on_server(random_space(50, 4))
    with pytest.raises(UsageProblem, match=message):
        search(remote, make(remote), [Search(1)])


def test_more_answers_than_a_server_returns_are_refused() -> None:
    remote = on_server(random_space(50, 4))
    with patch.multiple(milvus, MOST_RETURNED=40, EXTRA_ROWS=5), pytest.raises(UsageProblem, match="at most 40 rows"):
        search(remote, Cosines(remote, remote.float64([0])), [Search(45)])
