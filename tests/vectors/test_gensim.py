"""Spaces from gensim and to gensim: the same words, bits, counts and answers."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import embcli
from embcli.errors import UnknownWord, UsageProblem
from embcli.vectors.space import VectorSpace

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

WORDS = ["the", "king", "café", "new_york", "<script>", "="]
SENTENCES = [["the", "king", "rules"], ["the", "queen", "rules"], ["the", "king", "and", "the", "queen"]] * 20


def vectors() -> Any:
    return np.random.default_rng(7).standard_normal((len(WORDS), 5), np.float32)


def keyed(**attributes: Any) -> "KeyedVectors":
    from gensim.models import KeyedVectors

    made = KeyedVectors(5)
    made.add_vectors(WORDS, vectors())
    for name, values in attributes.items():
        made.expandos[name] = np.array(values)
    return made


def test_a_space_in_memory_goes_to_gensim_and_back_bit_for_bit() -> None:
    space = VectorSpace.from_words(WORDS, vectors(), "six")
    theirs = space.to_gensim()
    assert theirs.index_to_key == WORDS
    assert [theirs.key_to_index[word] for word in WORDS] == list(range(len(WORDS)))
    assert np.shares_memory(theirs.vectors, space.vectors)
    np.testing.assert_array_equal(theirs["café"], space["café"])
    back = VectorSpace.from_gensim(theirs)
    assert (list(back), back.vectors.tobytes()) == (WORDS, space.vectors.tobytes())
    np.testing.assert_array_equal(back.norms, space.norms)


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")  # by gensim itself
def test_gensim_answers_as_the_space_does(toy: VectorSpace) -> None:
    theirs = toy.to_gensim().most_similar(positive=["king", "woman"], negative=["man"], topn=5)
    ours = embcli.solve_analogy(toy, "king - man + woman", k=5).results
    assert [score for _, score in theirs] == pytest.approx([answer.score for answer in ours], abs=1e-6)
    assert {word for word, _ in theirs[:2]} == {answer.word for answer in ours[:2]} == {"queen", "empress"}


def test_gensim_cannot_change_the_vectors_of_a_space() -> None:
    space = VectorSpace.from_words(WORDS, vectors())
    theirs = space.to_gensim()
    with pytest.raises(ValueError, match="read-only"):
        theirs.vectors[0, 0] = 1
    theirs.add_vectors(["new"], np.ones((1, 5), np.float32))
    assert theirs["new"].tolist() == [1] * 5
    assert len(space) == len(WORDS)


def test_training_a_model_of_gensim_does_not_change_the_space() -> None:
    theirs = keyed()
    space = VectorSpace.from_gensim(theirs)
    theirs.vectors[:] = 0
    assert space.vectors.tobytes() == vectors().tobytes()


@pytest.mark.parametrize(
    ("counts", "is_sorted"),
    [([9, 5, 5, 3, 2, 1], True), ([1, 5, 5, 3, 2, 9], False), (None, None)],
)
def test_counts_go_with_the_words_and_say_whether_rows_are_sorted(counts: list[int] | None, is_sorted: Any) -> None:
    space = VectorSpace.from_gensim(keyed() if counts is None else keyed(count=counts))
    assert space.is_sorted_by_frequency is is_sorted
    rank = embcli.look_up(space, ["king"]).results[0].frequency_rank
    assert rank == (2 if is_sorted else None)
    again = space.to_gensim()
    if counts is None:
        assert "count" not in again.expandos
    else:
        assert [again.get_vecattr(word, "count") for word in WORDS] == counts


def test_a_trained_word2vec_model_becomes_a_space() -> None:
    from gensim.models import Word2Vec

    model = Word2Vec(SENTENCES, vector_size=8, min_count=1, seed=1, workers=1, epochs=1)
    for given in (model, model.wv):
        space = VectorSpace.from_gensim(given, "mine")
        assert repr(space) == "<VectorSpace 'mine': 5 words × 8, from 'gensim'>"
        assert list(space) == model.wv.index_to_key
        assert space.vectors.tobytes() == model.wv.vectors.tobytes()
        assert space.is_sorted_by_frequency
        assert space.counts is not None
        assert space.counts[0] == 80


def test_fasttext_vectors_of_words_outside_the_vocabulary_are_those_of_gensim() -> None:
    from gensim.models import FastText

    model = FastText(SENTENCES, vector_size=8, min_count=1, seed=1, workers=1, epochs=1, bucket=100)
    space = VectorSpace.from_gensim(model.wv)
    for word in ("king", "kingly", "queens", "Rüles", "xyz"):
        np.testing.assert_array_equal(space[word], model.wv[word])
        assert word in space
    assert "kingly" not in space.vocabulary
    answer = embcli.compare_words(space, [("kingly", "king")])
    assert answer.results[0].cosine == pytest.approx(float(model.wv.similarity("kingly", "king")), abs=1e-6)
    assert answer.query.resolved == {"kingly": "its n-grams"}
    assert space.to_gensim().vectors.tobytes() == model.wv.vectors.tobytes()


def test_fasttext_without_ngrams_has_the_words_of_its_vocabulary_only() -> None:
    from gensim.models import FastText

    model = FastText(SENTENCES, vector_size=8, min_count=1, seed=1, workers=1, epochs=1, bucket=0, max_n=0)
    space = VectorSpace.from_gensim(model.wv)
    assert "kingly" not in space
    with pytest.raises(UnknownWord):
        space["kingly"]


def test_objects_and_keys_that_are_not_words_are_refused() -> None:
    from gensim.models import KeyedVectors

    numbered = KeyedVectors(2)
    numbered.add_vectors([1, 2], np.eye(2, dtype=np.float32))
    for wrong, part in [
        (numbered, "must be strings"),
        (KeyedVectors(2, count=3), "must be strings"),  # allocated, but not filled
        ({"king": [1.0]}, "dict"),
        (None, "NoneType"),
    ]:
        with pytest.raises(UsageProblem, match=part):
            VectorSpace.from_gensim(wrong)
