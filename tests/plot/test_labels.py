"""Labels cover nothing: no label, no mark, no leader, and they stay within the frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embcli.plot.labels import leader_of, place_labels, stack_labels

Box = tuple[float, float, float, float]
WIDTH, HEIGHT = 40, 12
cells = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
labelled = st.lists(st.tuples(cells, st.integers(1, 15)), min_size=1, max_size=30)


def placed(points: list[tuple[tuple[int, int], int]], step: float) -> tuple[list[Box], list[Box], list[Box]]:
    """The boxes of labels, those of marks, and leaders."""
    centres, sizes = [(x + 0.5, y + 0.5) for (x, y), _ in points], [(length, 1) for _, length in points]
    corners = place_labels(centres, sizes, WIDTH, HEIGHT, radius=0.5, step=step)
    assert len(corners) == len(points)
    found = [(*one, size, centre) for one, size, centre in zip(corners, sizes, centres, strict=True) if one]
    boxes = [(left, top, left + size[0], top + size[1]) for left, top, size, _ in found]
    leaders = [leader_of(centre, (left, top), size, 0.5) for left, top, size, centre in found]
    marks = [(x - 0.5, y - 0.5, x + 0.5, y + 0.5) for x, y in centres]
    return boxes, marks, [line for line in leaders if line]


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@given(labelled, st.sampled_from([0.0, 1.0]))
def test_no_label_is_over_a_label_a_mark_or_the_frame(points: list[tuple[tuple[int, int], int]], step: float) -> None:
    boxes, marks, _ = placed(points, step)
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if overlap(a, b)]
    assert not [(a, b) for a in boxes for b in marks if overlap(a, b)]
    assert all(left >= 0 and top >= 0 and right <= WIDTH and bottom <= HEIGHT for left, top, right, bottom in boxes)


@given(labelled)
def test_no_leader_runs_under_a_label(points: list[tuple[tuple[int, int], int]]) -> None:
    boxes, _, leaders = placed(points, 1.0)
    for x, y, to_x, to_y in leaders:
        samples = [(x + (to_x - x) * i / 200, y + (to_y - y) * i / 200) for i in range(201)]
        inside = [
            (x, y) for x, y in samples for left, top, right, bottom in boxes
            if left + 1e-9 < x < right - 1e-9 and top + 1e-9 < y < bottom - 1e-9
        ]  # fmt: skip
        assert not inside


@given(cells, st.integers(1, WIDTH))
def test_a_label_alone_has_a_place_at_its_mark(cell: tuple[int, int], length: int) -> None:
    boxes, _, leaders = placed([(cell, length)], 1.0)
    assert boxes
    assert not leaders


def test_a_label_wider_than_the_frame_has_no_place() -> None:
    assert place_labels([(2.5, 1.5)], [(41, 1)], 40, 3, radius=0.5) == [None]


def test_a_label_of_no_width_is_not_wanted() -> None:
    assert place_labels([(2.5, 1.5), (8.5, 1.5)], [(0, 1), (3, 1)], 40, 3, radius=0.5) == [None, (9.0, 1.0)]


def test_the_first_place_is_right_of_the_mark_then_left_of_it_then_above() -> None:
    def corner(x: float, width: float) -> tuple[float, float] | None:
        return place_labels([(x, 1.5)], [(4, 1)], width, 3, radius=0.5, step=1)[0]

    assert corner(2.5, 20) == (3, 1)
    assert corner(18.5, 20) == (14, 1)
    assert corner(2.5, 6) == (1, 0)


def test_the_earlier_of_two_points_has_the_place() -> None:
    points, sizes = [(2.5, 0.5), (2.5, 0.5)], [(4, 1), (4, 1)]
    assert place_labels(points, sizes, 8, 1, radius=0.5) == [(3.0, 0.0), None]


def test_a_label_stands_over_an_arrow_only_where_it_has_no_other_place() -> None:
    arrow = (2.5, 1.5, 19.5, 1.5)
    assert place_labels([(2.5, 1.5)], [(3, 1)], 20, 3, radius=0.5, step=1, lines=[arrow]) == [(1, 0)]
    assert place_labels([(2.5, 0.5)], [(3, 1)], 20, 1, radius=0.5, step=1, lines=[(2.5, 0.5, 19.5, 0.5)]) == [(3, 0)]


def test_a_label_without_room_at_its_mark_stands_on_a_leader() -> None:
    # Three marks in a row leave the one in the middle its cells above and below; three rows of them leave none.
    marks = [(x + 0.5, y + 0.5) for y in range(1, 4) for x in range(10, 13)]
    sizes = [(5, 1) if mark == (11.5, 2.5) else (0, 1) for mark in marks]
    corner = place_labels(marks, sizes, 30, 6, radius=0.5, step=1)[4]
    assert corner is None  # every leader would run through another mark
    corner = place_labels([marks[4], *marks[:3]], [(5, 1), *[(0, 1)] * 3], 30, 3, radius=0.5, step=1)[0]
    assert corner == (12, 2)
    assert leader_of((11.5, 2.5), (12, 2), (5, 1), 0.5) is None
    assert leader_of((2.5, 2.5), (3, 0), (4, 1), 0.5) == (2.5, 2.5, 3, 1)


@pytest.mark.parametrize("count", [0, 1, 2000])
def test_any_number_of_points_is_handled(count: int) -> None:
    points = [(float(i * 37 % 1190), float(i * 59 % 890)) for i in range(count)]
    assert len(place_labels(points, [(40, 14)] * count, 1200, 900, radius=3)) == count


def test_a_label_avoids_a_place_that_touches_the_mark_of_another_point() -> None:
    # The places right and left are taken by marks; above, the label would be below another mark, so it is below.
    points = [(10.5, 2.5), (15.5, 2.5), (5.5, 2.5), (10.5, 0.5)]
    assert place_labels(points, [(5, 1), *[(0, 1)] * 3], 20, 5, radius=0.5, step=1)[0] == (8, 3)
    # Without a better place it stands there all the same.
    assert place_labels(points, [(5, 1), *[(0, 1)] * 3], 20, 3, radius=0.5, step=1)[0] == (8, 1)


# --- Number lines -----------------------------------------------------------------------------------------------------

marked = st.lists(st.tuples(st.integers(0, WIDTH - 1), st.integers(1, 15)), min_size=1, max_size=25)


@given(marked, st.integers(1, 6))
def test_labels_of_a_number_line_cover_no_label_and_no_leader(marks: list[tuple[int, int]], rows: int) -> None:
    places, widths = [place for place, _ in marks], [length for _, length in marks]
    found = stack_labels(places, widths, WIDTH, rows)
    assert len(found) == len(marks)
    placed = [(place, place + length, row) for (place, length), row in zip(marks, found, strict=True) if row]
    for i, (start, end, row) in enumerate(placed):
        assert end <= WIDTH
        assert 1 <= abs(row) <= rows
        for j, (other, other_end, nearer) in enumerate(placed):
            if i != j and row == nearer:
                assert end <= other or other_end <= start
            if row * nearer > 0 and abs(nearer) < abs(row):  # the leader at `start` passes that row
                assert not other <= start < other_end


@given(marked)
def test_a_label_of_a_number_line_has_a_place_where_there_are_enough_rows(marks: list[tuple[int, int]]) -> None:
    single = {place: length for place, length in marks if place + length <= WIDTH}
    assert None not in stack_labels([*single], [*single.values()], WIDTH, len(single))


def test_labels_of_a_number_line_are_above_and_below_in_turn() -> None:
    assert stack_labels([0, 1, 9], [5, 5, 3], 20, 2) == [-1, 1, 1]
    assert stack_labels([0, 1, 2], [9, 9, 9], 20, 2) == [2, -1, 1]
    assert stack_labels([0, 1, 2], [9, 9, 9], 20, 1) == [None, -1, 1]
    assert stack_labels([15], [9], 20, 1) == [None]
