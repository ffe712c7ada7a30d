"""Comparisons of words: by hand on the toy space; on GloVe against gensim's doctest and the formulas."""

import numpy as np
import pytest

import embcli
from embcli.errors import UnknownWord, UsageProblem
from embcli.queries.similarity import compare_groups, read_pairs
from embcli.vectors.space import VectorSpace


@pytest.mark.parametrize(
    ("a", "b", "cosine", "angle", "dot", "euclidean", "sign"),
    [
        ("king", "queen", 0.6, 53.130102, 3, 2, "similar"),
        ("king", "king", 1, 0, 5, 0, "similar"),
        ("queen", "empress", 1, 0, 15, 20**0.5, "similar"),
        ("queen", "kittens", -1, 180, -5, 20**0.5, "opposite"),
        ("king", "girl", -0.2, 101.536959, -1, 12**0.5, "opposite"),
    ],
)
def test_two_words_of_the_toy_space_are_compared_on_paper(
    toy: VectorSpace, a: str, b: str, cosine: float, angle: float, dot: float, euclidean: float, sign: str
) -> None:
    result = embcli.compare_words(toy, [(a, b)]).results[0]
    assert (result.a, result.b, result.sign) == (a, b, sign)
    found = (result.cosine, result.angle, result.dot, result.euclidean)
    assert found == pytest.approx((cosine, angle, dot, euclidean), abs=1e-6)


def test_the_sign_of_the_dot_product_tells_similar_from_opposite() -> None:
    space = VectorSpace.from_words(["x", "y", "z", "nothing"], [[2, 0], [0, 3], [-1, 1], [0, 0]])
    compared = embcli.compare_words(space, [("x", "y"), ("x", "z"), ("y", "z"), ("x", "nothing")])
    assert [(result.sign, round(result.angle, 6), round(result.cosine, 6)) for result in compared.results] == [
        ("perpendicular", 90, 0),
        ("opposite", 135, -0.707107),
        ("similar", 45, 0.707107),
        ("perpendicular", 90, 0),
    ]


@pytest.mark.parametrize("tilt", [1e-4, 1e-7])
def test_small_angles_are_exact(tilt: float) -> None:
    space = VectorSpace.from_words(["x", "tilted", "back"], [[1.0, 0.0], [1.0, tilt], [-1.0, tilt]])
    tilted, back = embcli.compare_words(space, [("x", "tilted"), ("x", "back")]).results
    degrees = np.degrees(float(np.float32(tilt)))
    assert tilted.angle == pytest.approx(degrees, rel=1e-7)
    assert 180 - back.angle == pytest.approx(degrees, rel=1e-5)


def test_words_are_repeated_as_understood(toy: VectorSpace) -> None:
    compared = embcli.compare_words(toy, [("King", "cat"), ("King", "queen")])
    assert [(result.a, result.b) for result in compared.results] == [("king", "cat"), ("king", "queen")]
    assert compared.query[:2] == (("King", "cat", "King", "queen"), {"King": "king"})


def test_measures_are_their_formulas_on_glove(glove: VectorSpace) -> None:
    words = [glove.vocabulary[row] for row in range(0, 400_000, 40_009)]
    pairs = [(a, b) for a in words for b in words if a != b]
    for result in embcli.compare_words(glove, pairs).results:
        a, b = (glove.vectors[glove.vocabulary.row(word)].astype(np.float64) for word in (result.a, result.b))
        cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
        found = (result.cosine, np.cos(np.radians(result.angle)), result.dot, result.euclidean)
        assert found == pytest.approx((cosine, cosine, a @ b, np.linalg.norm(a - b)))


@pytest.mark.parametrize(
    ("arguments", "pairs"),
    [
        (["king", "queen"], [("king", "queen")]),
        (["king", "queen", "man"], [("king", "queen"), ("king", "man")]),
        (["king:queen", "man:woman"], [("king", "queen"), ("man", "woman")]),
        (["king:queen,man:woman"], [("king", "queen"), ("man", "woman")]),
        (["king", "10:30"], [("king", "10:30")]),  # a word of the vocabulary
        (["king", ":)"], [("king", ":)")]),
        (["king", '"a b"'], [("king", "a b")]),
    ],
)
def test_words_are_compared_with_the_first_and_pairs_with_each_other(
    arguments: list[str], pairs: list[tuple[str, str]]
) -> None:
    space = VectorSpace.from_words(["king", "10:30", ":)"], np.eye(3))
    assert read_pairs(space, arguments) == pairs


@pytest.mark.parametrize("arguments", [["king"], ["king", "queen:man"], ["king:queen", "man"], ["a:b:c"]])
def test_half_a_pair_is_refused(toy: VectorSpace, arguments: list[str]) -> None:
    with pytest.raises(UsageProblem):
        read_pairs(toy, arguments)


def test_cosines_within_and_between_groups_are_averaged_on_paper(toy: VectorSpace) -> None:
    # Words that differ on d axes have the cosine 1 - 2d/5. The royal words differ on 1, 1 and 2 axes, the animals on 1,
    # and king, queen, prince from cat on 2, 3, 3 and from cats on 3, 4, 4.
    groups = [("royal", ["king", "queen", "King", "prince"]), ("animal", ["cat", "cats"])]
    found = compare_groups(toy, groups)
    assert [(one.a, one.b, one.pairs) for one in found.results] == [
        ("royal", "royal", 3), ("animal", "animal", 1), ("royal", "animal", 6),
    ]  # fmt: skip
    numbers = [(one.mean, one.min, one.max) for one in found.results]
    assert np.allclose(numbers, [(1.4 / 3, 0.2, 0.6), (0.6, 0.6, 0.6), (-1.6 / 6, -0.6, 0.2)])
    assert found.query.words == ("royal:king,queen,King,prince", "animal:cat,cats")
    assert found.query.resolved == {"King": "king"}


def test_a_word_in_two_groups_is_not_compared_with_itself(toy: VectorSpace) -> None:
    found = compare_groups(toy, [("one", ["king", "cat"]), ("other", ["king"])])
    assert [(one.a, one.b, one.pairs, round(one.mean, 6)) for one in found.results] == [
        ("one", "one", 1, 0.2), ("one", "other", 1, 0.2),
    ]  # fmt: skip
    both = compare_groups(toy, [("one", ["king", "cat"]), ("other", ["cat", "king"])])
    assert [one.pairs for one in both.results] == [1, 1, 1]  # king and cat are one pair


def test_groups_without_a_pair_are_refused(toy: VectorSpace) -> None:
    for groups in ([("one", ["king"])], [("one", ["king"]), ("other", ["king"])]):
        with pytest.raises(UsageProblem, match="no pair of words"):
            compare_groups(toy, groups)
    with pytest.raises(UsageProblem, match="no pair of words; unknown and skipped: xyzzy"):
        compare_groups(toy, [("one", ["king", "xyzzy"])], skip_unknown=True)
    with pytest.raises(UsageProblem, match="same name"):
        compare_groups(toy, [("one", ["king", "cat"]), ("one", ["queen", "cats"])])
    with pytest.raises(UnknownWord):
        compare_groups(toy, [("one", ["king", "xyzzy"])])


def test_the_odd_one_lies_farthest_from_the_mean(toy: VectorSpace) -> None:
    # The mean of king, queen, prince and cat is (1, -1, -1, -2, -1) / 2, of length √8 / 2.
    odd = embcli.find_odd_one(toy, ["cat", "king", "queen", "prince"])
    assert odd.odd == "cat"
    assert [(member.word, round(member.score, 6)) for member in odd.results] == [
        ("king", round(6 / 40**0.5, 6)),
        ("queen", round(4 / 40**0.5, 6)),
        ("prince", round(4 / 40**0.5, 6)),
        ("cat", round(2 / 40**0.5, 6)),
    ]


def test_length_does_not_make_a_word_odd(toy: VectorSpace) -> None:
    odd = embcli.find_odd_one(toy, ["empress", "queen", "King"])
    assert (odd.odd, odd.query.resolved) == ("king", {"King": "king"})
    assert odd.results[0][1] == odd.results[1][1]


def test_cereal_is_not_a_meal(glove: VectorSpace) -> None:
    assert embcli.find_odd_one(glove, ["breakfast", "cereal", "dinner", "lunch"]).odd == "cereal"


@pytest.mark.parametrize("words", [[], ["king"], ["king", "queen"], ["king", "queen", "King", "king"]])
def test_of_two_words_neither_is_odd(toy: VectorSpace, words: list[str]) -> None:
    with pytest.raises(UsageProblem):
        embcli.find_odd_one(toy, words)


def test_words_whose_mean_points_nowhere_have_no_odd_one() -> None:
    space = VectorSpace.from_words(["a", "b", "c", "d"], [[1, 0], [-1, 0], [0, 1], [0, -1]])
    with pytest.raises(UsageProblem, match="is zero"):
        embcli.find_odd_one(space, ["a", "b", "c", "d"])


def test_nothing_to_compare_is_refused(toy: VectorSpace) -> None:
    with pytest.raises(UsageProblem):
        embcli.compare_words(toy, [])
    with pytest.raises(UnknownWord):
        embcli.compare_words(toy, [("king", "quuen")])
    with pytest.raises(UnknownWord):
        embcli.find_odd_one(toy, ["king", "queen", "quuen"])
