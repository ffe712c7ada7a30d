"""The same words and scores as gensim's on real vectors."""

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

import embcli
from embcli.models.open import StoredSpace
from embcli.queries.expression import Expression, Term

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

pytestmark = pytest.mark.slow

FREQUENT = 30_000
QUERIES = 200
SCORE_TOLERANCE = 1e-5
# gensim computes in float32: words whose scores differ by less than this may be in either order.
SWAP_TOLERANCE = 2e-6
K = 10


@pytest.fixture(scope="module")
def oracle(glove: StoredSpace) -> "KeyedVectors":
    return glove.to_gensim()


def random_queries(glove: StoredSpace, seed: int) -> Iterator[tuple[list[str], list[str]]]:
    """1-3 positive and 0-2 negative words, with all shapes equally frequent."""
    chance = random.Random(seed)
    shapes = [(positive, negative) for positive in (1, 2, 3) for negative in (0, 1, 2)]
    for i in range(QUERIES):
        positive, negative = shapes[i % len(shapes)]
        words = [glove.vocabulary[row] for row in chance.sample(range(FREQUENT), positive + negative)]
        yield words[:positive], words[positive:]


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")  # by gensim itself
@pytest.mark.parametrize(("method", "solve"), [("3cosadd", "most_similar"), ("3cosmul", "most_similar_cosmul")])
def test_answers_and_scores_are_those_of_gensim(
    glove: StoredSpace, oracle: "KeyedVectors", method: str, solve: str
) -> None:
    for positive, negative in random_queries(glove, seed=2013):
        terms = [Term(word, 1.0) for word in positive] + [Term(word, -1.0) for word in negative]
        ours = embcli.solve_analogy(glove, Expression(tuple(terms)), method=method, k=K).results
        theirs = getattr(oracle, solve)(positive=positive, negative=negative, topn=2 * K)
        scores = dict(theirs)
        for answer, (word, score) in zip(ours, theirs, strict=False):
            assert answer.word == word or abs(scores[answer.word] - score) < SWAP_TOLERANCE, (positive, negative)
            assert abs(scores[answer.word] - answer.score) < SCORE_TOLERANCE, (positive, negative)
        assert len(ours) == len({answer.word for answer in ours}) == K


def test_a_restricted_search_is_that_of_gensim(glove: StoredSpace, oracle: "KeyedVectors") -> None:
    ours = embcli.solve_analogy(glove, "paris - france + italy", top=5000, k=K).results
    theirs = oracle.most_similar(["paris", "italy"], ["france"], topn=K, restrict_vocab=5000)
    assert [answer.word for answer in ours] == [word for word, _ in theirs]


def test_the_odd_one_is_that_of_gensim(glove: StoredSpace, oracle: "KeyedVectors") -> None:
    chance = random.Random(353)
    for _ in range(QUERIES):
        words = [glove.vocabulary[row] for row in chance.sample(range(FREQUENT), chance.randint(3, 8))]
        ours = embcli.find_odd_one(glove, words)
        theirs = oracle.rank_by_centrality(words)
        scores = {word: float(score) for score, word in theirs}
        assert ours.odd == oracle.doesnt_match(words) or scores[ours.odd] - theirs[-1][0] < SWAP_TOLERANCE
        for member in ours.results:
            assert abs(member.score - scores[member.word]) < SCORE_TOLERANCE


def test_similarities_and_distances_are_those_of_gensim(glove: StoredSpace, oracle: "KeyedVectors") -> None:
    chance = random.Random(999)
    for _ in range(QUERIES):
        a, b = (glove.vocabulary[row] for row in chance.sample(range(FREQUENT), 2))
        assert embcli.compare_words(glove, [(a, b)]).results[0].cosine == pytest.approx(
            float(oracle.similarity(a, b)), abs=SCORE_TOLERANCE
        )


def test_gensim_sees_the_same_memory(glove: StoredSpace, oracle: "KeyedVectors") -> None:
    assert np.shares_memory(oracle.vectors, glove.vectors)
    assert list(oracle.index_to_key) == list(glove.vocabulary)
    np.testing.assert_array_equal(oracle["queen"], glove.vectors[glove.vocabulary.row("queen")])
