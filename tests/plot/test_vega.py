"""Pictures as Vega specifications and as files: every word is there, no label covers another, nothing is fetched."""

import json
import sys
from typing import Any

import pytest
import vl_convert
from drawn import HOSTILE, labels_of, overlapping, points_of, records, texts_of

from embcli.errors import UsageProblem
from embcli.plot.frame import GROUP_COLOURS, SHAPES, SLIDE, THEMES, scheme
from embcli.plot.points import plot
from embcli.plot.question import PlotQuestion
from embcli.plot.scatter import LOOKS
from embcli.plot.vega import PICTURE_SUFFIXES, draw_file, specification
from embcli.queries.project import project
from embcli.render.readable import printed
from embcli.results.similarity import CosineMatrix, Similarities
from embcli.vectors.space import VectorSpace

KINDS = ("points", "number line", "bars", "heat map", "pattern", "senses")


def values_of(spec: Any, name: str) -> Any:
    return next(data["values"] for data in spec["data"] if data["name"] == name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", THEMES)
def test_a_picture_of_each_kind_is_drawn_in_each_theme(kind: str, theme: str, toy: VectorSpace) -> None:
    record = records(toy)[kind]
    svg = draw_file(record, "svg", theme).decode()
    assert THEMES[theme].paper in svg
    assert THEMES[theme].ink in svg
    assert len(texts_of(svg)) > 3


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("points", ["king", "queen", "man", "woman", "cosine with king → queen:", "man → cat +0.000"]),
        ("number line", ["woman - man", "king −2.00", "queen +2.00", "girl +2.00", "dot"]),
        ("bars", ["snape", "sprout", "T = 0", "T = 1", "1.0000", "0.7500", "0.2500", "0.811 bits"]),
        ("heat map", ["king", "queen", "cat", "0.60", "−0.20", "1.00"]),
        (
            "pattern",
            ["a", "b", "0.25", "0.75", "each row: what this token reads · block 3, head 2 · toy, 15 words × 5"],
        ),
        ("senses", ["mole", "texts 1, 2", "cosine", "layer", "1  a mole", "2  the mole", "warning: a warning"]),
    ],
)
def test_every_word_and_number_of_a_record_stands_in_its_picture(kind: str, words: list[str], toy: VectorSpace) -> None:
    drawn = texts_of(draw_file(records(toy)[kind], "svg"))
    assert [word for word in words if " ".join(word.split()) not in [" ".join(text.split()) for text in drawn]] == []


def test_weights_that_the_mask_makes_zero_have_no_number(toy: VectorSpace) -> None:
    assert "0.00" not in texts_of(draw_file(records(toy)["pattern"], "svg"))


@pytest.mark.parametrize("count", [2, 30, 300, 2000])
def test_no_label_covers_another_and_none_leaves_the_area(count: int) -> None:
    spec = specification(points_of([f"word{i}" for i in range(count)]))
    size = next(look.letters for look in LOOKS if count <= look.most)
    boxes = labels_of(spec, size)
    assert overlapping(boxes) == []
    assert all(box.left >= 0 and box.right <= spec["width"] for box in boxes)
    assert all(box.top >= 0 and box.bottom <= spec["height"] for box in boxes)
    missing = count - len(boxes)
    note = f"no room for {missing:,} of {count:,} labels"
    assert (note in spec["usermeta"]["subtitle"]) == (missing > 0)
    if count == 30:
        assert missing == 0


def test_words_without_a_label_are_counted_in_the_picture() -> None:
    crowd = points_of([f"word{i}" for i in range(100)])
    crowd = crowd._replace(results=tuple(one._replace(x=i * 1e-9) for i, one in enumerate(crowd.results)))
    crowd = crowd._replace(results=tuple(one._replace(y=0.0) for one in crowd.results))
    spec = specification(crowd)
    drawn = len(values_of(spec, "labels"))
    assert f"no room for {100 - drawn} of 100 labels" in " ".join(texts_of(draw_file(crowd, "svg")))


def test_one_pixel_is_as_many_units_on_both_axes(toy: VectorSpace) -> None:
    spec = specification(records(toy)["points"])
    signals = {signal["name"]: signal["value"] for signal in spec["signals"]}
    assert signals["unit"] > 0
    for name, size in (("x", "width"), ("y", "height")):
        scale = next(scale for scale in spec["scales"] if scale["name"] == name)
        assert scale["range"] == size
        assert [end["signal"] for end in scale["domain"]] == [
            f"c{name} - {size} * unit / 2", f"c{name} + {size} * unit / 2",
        ]  # fmt: skip


def test_arrows_that_are_parallel_in_the_plane_have_heads_at_the_same_angle(toy: VectorSpace) -> None:
    arrows = (("man", "woman"), ("king", "queen"))
    spec = specification(plot(toy, PlotQuestion(axes=("woman - man", "queen - woman"), arrows=arrows)))
    first, second = values_of(spec, "arrows")
    assert first["angle"] == second["angle"] == 90  # clockwise from upwards: to the right, to female
    assert (first["x"], first["x2"], second["y"]) == (-1, 1, 1)


def test_groups_have_different_colours_and_shapes(toy: VectorSpace) -> None:
    groups = (("royal", ("king", "queen")), ("pets", ("cat", "kitten")))
    spec = specification(plot(toy, PlotQuestion(("man",), groups=groups)))
    scales = {scale["name"]: scale for scale in spec["scales"]}
    assert scales["colour"]["domain"] == scales["shape"]["domain"] == ["royal", "pets", "others"]
    assert len(set(scales["colour"]["range"])) == len(set(scales["shape"]["range"])) == 3
    drawn = texts_of(draw_file(plot(toy, PlotQuestion(("man",), groups=groups)), "svg"))
    assert {"royal", "pets", "others", "man"} <= set(drawn)
    pairs = [*zip(*scheme(len(GROUP_COLOURS) * len(SHAPES)), strict=True)]
    assert len(set(pairs)) == len(pairs)


def test_what_was_read_or_skipped_stands_in_the_picture(toy: VectorSpace) -> None:
    answer = plot(toy, PlotQuestion(("King", "queen", "throne"), skip_unknown=True))
    drawn = " ".join(texts_of(draw_file(answer, "svg")))
    assert 'read "King" as king' in drawn
    assert "skipped throne" in drawn


def test_hostile_words_are_texts() -> None:
    record = printed(points_of(HOSTILE, group=HOSTILE[0]))
    drawn = texts_of(draw_file(record, "svg"))
    assert [one.word for one in record.results if one.word not in drawn] == []
    assert not any(ord(character) in (0x2028, 0x202E) for text in drawn for character in text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_specification_is_json_and_needs_nothing_to_be_drawn(kind: str, toy: VectorSpace) -> None:
    record = records(toy)[kind]
    spec = json.loads(draw_file(record, "json"))
    assert spec == json.loads(json.dumps(specification(record)))
    assert texts_of(draw_file(record, "svg")) == texts_of(vl_convert.vega_to_svg(spec))


def test_files_are_what_their_suffixes_say(toy: VectorSpace) -> None:
    record = records(toy)["points"]
    png = draw_file(record, "png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)] == [2 * side for side in SLIDE]
    assert draw_file(record, "pdf")[:5] == b"%PDF-"
    assert draw_file(record, "svg")[:4] == b"<svg"
    assert draw_file(record, "html")[:15] == b"<!DOCTYPE html>"


@pytest.fixture
def without_vl_convert(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)


@pytest.mark.usefixtures("without_vl_convert")
def test_without_vl_convert_only_the_specification_is_written(toy: VectorSpace) -> None:
    record = records(toy)["points"]
    assert json.loads(draw_file(record, "json"))["width"]
    for suffix in set(PICTURE_SUFFIXES) - {"json"}:
        with pytest.raises(UsageProblem) as caught:
            draw_file(record, suffix)
        assert "vl-convert" in caught.value.message
        assert caught.value.hint == "run: pip install 'embcli[talk]'"


def test_a_record_without_a_picture_is_refused(toy: VectorSpace) -> None:
    with pytest.raises(UsageProblem):
        specification(toy)


def test_a_matrix_that_no_picture_holds_is_refused(toy: VectorSpace) -> None:
    names = tuple(f"word{i}" for i in range(101))
    whole = records(toy)["heat map"]
    assert isinstance(whole, Similarities)
    large = whole._replace(matrix=CosineMatrix(names, ((1.0,) * 101,) * 101))
    with pytest.raises(UsageProblem, match="101 rows"):
        specification(large)
    with pytest.raises(UsageProblem):
        specification(whole._replace(matrix=None))


def test_a_picture_of_equal_points_or_of_one_is_drawn() -> None:
    for words in (["one"], ["a", "b"]):
        record = points_of(words)
        same = record._replace(results=tuple(one._replace(x=1.0, y=1.0) for one in record.results))
        assert set(words) & set(texts_of(draw_file(same, "svg")))


def test_words_without_a_group_have_a_mark_of_their_own_and_a_name_in_the_legend(toy: VectorSpace) -> None:
    question = PlotQuestion(("king",), groups=(("pets", ("cat", "cats")), ("people", ("man", "woman"))))
    spec = specification(plot(toy, question), "light")
    scales = {scale["name"]: scale for scale in spec["scales"]}
    assert scales["shape"]["domain"] == ["pets", "people", "others"]
    assert len(set(scales["shape"]["range"])) == 3
    assert {one["word"]: one["group"] for one in values_of(spec, "points")}["king"] == "others"
    named = PlotQuestion(("king",), groups=(("others", ("cat", "cats")),))
    assert {one["group"] for one in values_of(specification(plot(toy, named), "light"), "points")} == {
        "others", "others (no group)",
    }  # fmt: skip


def test_a_word_that_is_given_twice_stands_once_on_the_line(toy: VectorSpace) -> None:
    answer = project(toy, "cats - cat", ["man", "men", "man"])
    assert [one["word"] for one in values_of(specification(answer, "light"), "words")] == ["man", "men"]
