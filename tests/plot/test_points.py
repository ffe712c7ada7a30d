"""Which words are drawn, and where: answers of the toy space that can be worked out on paper."""

import math

import pytest

from embcli.errors import EmbcliError, UnknownWord, UsageProblem
from embcli.plot import points
from embcli.plot.points import chosen_vectors, plot
from embcli.plot.question import PlotQuestion
from embcli.results.plot import Plot
from embcli.vectors.space import VectorSpace

FEMALE_AND_ROYAL = "woman - man", "queen - woman"


def places(answer: Plot) -> dict[str, tuple[float, float]]:
    return {one.word: (round(one.x, 6), round(one.y, 6)) for one in answer.results}


def groups(answer: Plot) -> dict[str, str | None]:
    return {one.word: one.group for one in answer.results}


def test_words_stand_at_their_coordinates_on_two_readable_axes(toy: VectorSpace) -> None:
    answer = plot(toy, PlotQuestion(("man", "woman", "king", "queen", "empress"), axes=FEMALE_AND_ROYAL))
    assert places(answer) == {
        "man": (-1, -1), "woman": (1, -1), "king": (-1, 1), "queen": (1, 1), "empress": (3, 3),
    }  # fmt: skip
    assert [axis.name for axis in answer.axes] == ["woman - man", "queen - woman"]
    assert [axis.explained for axis in answer.axes] == [None, None]
    assert (answer.query.method, answer.query.angle, answer.query.orthogonal) == ("axes", 90, True)


def test_the_second_axis_is_perpendicular_unless_it_is_oblique(toy: VectorSpace) -> None:
    # queen - man is female and royal: made perpendicular to female, only royal is left.
    question = PlotQuestion(("king", "queen"), axes=("woman - man", "queen - man"))
    turned, oblique = plot(toy, question), plot(toy, question._replace(oblique=True))
    assert places(turned) == {"king": (-1, 1), "queen": (1, 1)}
    assert places(oblique) == {"king": (-1, 0), "queen": (1, round(math.sqrt(2), 6))}
    assert (round(turned.query.angle or 0, 9), oblique.query.orthogonal) == (45, False)


def test_words_differ_along_principal_components(toy: VectorSpace) -> None:
    answer = plot(toy, PlotQuestion(("man", "woman")))
    assert places(answer) == {"man": (-1, 0), "woman": (1, 0)}
    assert [axis.explained for axis in answer.axes] == [1, 0]
    assert (answer.query.method, answer.query.fit) == ("pca", "words")


def test_components_of_the_vocabulary_do_not_depend_on_the_words_that_are_drawn(toy: VectorSpace) -> None:
    few = plot(toy, PlotQuestion(("man", "woman"), fit="vocabulary"))
    many = plot(toy, PlotQuestion(("boy", "woman", "cat", "man"), fit="vocabulary"))
    assert places(few).items() <= places(many).items()
    assert few.axes == many.axes
    assert plot(toy, PlotQuestion(("man",), fit="vocabulary")).results  # even one point has a place


def test_an_expression_is_a_point(toy: VectorSpace) -> None:
    answer = plot(toy, PlotQuestion(("king - man + woman", "queen"), axes=FEMALE_AND_ROYAL))
    assert places(answer) == {"king - man + woman": (1, 1), "queen": (1, 1)}


def test_an_arrow_is_compared_with_the_first_in_the_whole_space(toy: VectorSpace) -> None:
    pairs = ("man", "woman"), ("king", "queen"), ("woman", "man"), ("king", "man"), ("boy", "princess")
    answer = plot(toy, PlotQuestion(arrows=pairs))
    assert [(one.start, one.end) for one in answer.arrows] == [*pairs]
    assert [round(one.cosine, 6) for one in answer.arrows] == [1, 1, -1, 0, round(math.sqrt(0.5), 6)]
    assert [one.word for one in answer.results] == ["man", "woman", "king", "queen", "boy", "princess"]


def test_an_arrow_between_equal_vectors_is_refused(toy: VectorSpace) -> None:
    with pytest.raises(UsageProblem, match="there is no arrow between king and king"):
        plot(toy, PlotQuestion(("man", "woman"), arrows=(("king", "king"),)))


def test_neighbors_are_drawn_with_their_query_and_cosines(toy: VectorSpace) -> None:
    answer = plot(toy, PlotQuestion(neighbors="king", k=2))
    assert [(one.word, one.group, round(one.cosine or 0, 6)) for one in answer.results] == [
        ("king", "query", 1), ("man", "neighbor", 0.6), ("queen", "neighbor", 0.6),
    ]  # fmt: skip
    assert (answer.query.expression, answer.query.k, answer.query.unit) == ("king", 2, None)


def test_neighbors_of_a_sum_are_drawn_with_vectors_of_unit_length(toy: VectorSpace) -> None:
    answer = plot(toy, PlotQuestion(neighbors="king + woman", k=1))
    assert groups(answer) == {"king + woman": "query", "man": "neighbor"}
    assert answer.query.unit is True
    squares = (chosen_vectors(toy, PlotQuestion(neighbors="king + woman", k=1)) ** 2).sum(axis=1)
    assert squares.tolist() == pytest.approx([12 / 5, 1])  # the sum is (0, 0, -2, -2, -2) / √5


def test_an_analogy_is_drawn_with_its_words_its_sum_its_answer_and_two_arrows(toy: VectorSpace) -> None:
    answer = plot(toy, PlotQuestion(analogy="man:king::woman:?"))
    assert groups(answer) == {
        "king": "input", "man": "input", "woman": "input", "queen": "answer", "king - man + woman": "query",
    }  # fmt: skip
    assert [(one.start, one.end, round(one.cosine, 6)) for one in answer.arrows] == [
        ("man", "king", 1), ("woman", "queen", 1),
    ]  # fmt: skip
    found = places(answer)
    assert found["queen"] == found["king - man + woman"]  # their directions are equal in this space
    assert [one.cosine for one in answer.results if one.word == "queen"] == [pytest.approx(1)]


def test_arrows_that_are_asked_for_follow_those_of_an_analogy(toy: VectorSpace) -> None:
    answer = plot(toy, PlotQuestion(analogy="king - man + woman", arrows=(("boy", "girl"),)))
    assert [(one.start, one.end, round(one.cosine, 6)) for one in answer.arrows] == [
        ("man", "king", 1), ("woman", "queen", 1), ("boy", "girl", 0),
    ]  # fmt: skip


def test_a_word_is_drawn_once_and_a_group_names_it(toy: VectorSpace) -> None:
    question = PlotQuestion(("king", "King", "man"), groups=(("royal", ("king", "queen")), ("young", ("boy",))))
    answer = plot(toy, question)
    assert groups(answer) == {"king": "royal", "man": None, "queen": "royal", "boy": "young"}
    assert answer.query.resolved == {"King": "king"}


def test_a_word_in_two_groups_is_refused(toy: VectorSpace) -> None:
    with pytest.raises(UsageProblem, match='"king" is in two groups, "royal" and "old"'):
        plot(toy, PlotQuestion(groups=(("royal", ("king", "queen")), ("old", ("King",)))))


def test_the_most_frequent_words_are_drawn(toy: VectorSpace) -> None:
    answer = plot(toy, PlotQuestion(top=3))
    assert [one.word for one in answer.results] == ["man", "woman", "king"]
    assert answer.query.top == 3
    assert len(plot(toy, PlotQuestion(top=1000)).results) == len(toy)


def test_more_points_than_a_picture_can_show_are_refused(toy: VectorSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "MOST_POINTS", 3)
    assert len(plot(toy, PlotQuestion(top=3)).results) == 3
    with pytest.raises(UsageProblem, match=r"4 points are more than a picture can show \(3\)"):
        plot(toy, PlotQuestion(top=4))


def test_all_unknown_words_are_reported_at_once(toy: VectorSpace) -> None:
    question = PlotQuestion(
        ("kking", "man"), groups=(("g", ("qqueen",)),), arrows=(("bboy", "man"),), axes=("ccat", "man"),
        neighbors="ggirl",
    )  # fmt: skip
    with pytest.raises(UnknownWord) as error:
        plot(toy, question)
    assert list(error.value.unknown) == ["ggirl", "kking", "qqueen", "bboy", "ccat"]


def test_unknown_words_are_skipped_and_reported(toy: VectorSpace) -> None:
    question = PlotQuestion(
        ("kking", "man", "boy"), groups=(("g", ("qqueen", "queen")),), arrows=(("bboy", "girl"), ("man", "woman")),
        skip_unknown=True,
    )  # fmt: skip
    answer = plot(toy, question)
    assert [one.word for one in answer.results] == ["man", "boy", "queen", "woman"]
    assert answer.query.skipped == ("kking", "qqueen", "bboy")
    assert [(one.start, one.end) for one in answer.arrows] == [("man", "woman")]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (PlotQuestion(), "there are no words to draw"),
        (PlotQuestion(("king",)), "one point has no principal components"),
        (PlotQuestion(("king",), neighbors="king", analogy="king"), "--neighbors and --analogy exclude each other"),
        (PlotQuestion(neighbors="king", top=5), "--vocab draws the most frequent words"),
        (PlotQuestion(("king", "man"), k=5), "-k applies only to"),
        (PlotQuestion(neighbors="king", k=0), "k must be at least 1"),
        (PlotQuestion(("king", "man"), axes=("king", "man"), method="tsne"), "exclude each other"),
        (PlotQuestion(("king", "man"), oblique=True), "--oblique applies only to --axes"),
        (PlotQuestion(("king", "man"), axes=("king", "man"), fit="vocabulary"), "--fit applies only"),
        (PlotQuestion(("king", "man"), perplexity=5), "--perplexity applies only to t-SNE"),
        (PlotQuestion(("king", "man"), seed=0), "--seed applies only to t-SNE"),
        (PlotQuestion(("king", "man"), method="umap"), 'unknown method "umap"'),
        (PlotQuestion(("king", "man"), method="axes"), "requires two directions"),
        (PlotQuestion(("king", "man"), fit="all"), 'unknown fit "all"'),
        (PlotQuestion(groups=tuple((f"g{i}", ("king",)) for i in range(25))), "25 groups are more than"),
    ],
)
def test_what_contradicts_or_has_no_effect_is_refused(toy: VectorSpace, question: PlotQuestion, message: str) -> None:
    with pytest.raises(EmbcliError, match=message):
        plot(toy, question)


def test_vectors_are_those_of_the_points_in_their_order(toy: VectorSpace) -> None:
    question = PlotQuestion(("king", "man"), groups=(("g", ("queen",)),))
    assert [one.word for one in plot(toy, question).results] == ["king", "man", "queen"]
    assert chosen_vectors(toy, question).tolist() == [toy[word].tolist() for word in ("king", "man", "queen")]


def test_a_perplexity_of_zero_is_no_default(toy: VectorSpace) -> None:
    with pytest.raises(UsageProblem, match="the perplexity must be more than 0"):
        plot(toy, PlotQuestion(("king", "queen", "man", "cat"), method="tsne", perplexity=0))
