"""Ticks of axes, lines and text in the cells of a terminal, worked out by hand."""

from io import StringIO

import pytest
from rich.console import Console

from embcli.render.canvas import Canvas
from embcli.render.chart import Mark, Title, chart, ticks
from embcli.render.drawing import Pen


@pytest.mark.parametrize(
    ("low", "high", "wanted", "expected"),
    [
        (-1, 1, 4, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        (0, 10, 5, ["0", "2", "4", "6", "8", "10"]),
        (0.5, 9.5, 3, ["5"]),
        (99_990, 100_010, 2, ["99990", "100000", "100010"]),
        (-0.00002, 0.00002, 2, ["-2e-05", "0", "2e-05"]),
        (0, 4e6, 2, ["0", "2e+06", "4e+06"]),
        (3, 3, 5, []),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, wanted: float, expected: list[str]) -> None:
    assert [*ticks(low, high, wanted).values()] == expected


def drawn(canvas: Canvas) -> list[str]:
    return [row.plain for row in canvas.rows()]


def test_a_line_ends_beside_the_cells_that_it_joins() -> None:
    canvas = Canvas(6, 1, is_unicode=False)
    canvas.line((0, 0), (5, 0), has_head=True)
    assert drawn(canvas) == [" ---> "]
    canvas = Canvas(6, 1, is_unicode=True)
    canvas.line((5, 0), (0, 0), has_head=True)
    assert drawn(canvas) == [" ←⠤⠤⠤ "]


@pytest.mark.parametrize(
    ("end", "head"), [((8, 2), ">"), ((0, 2), "<"), ((4, 0), "^"), ((4, 4), "v"), ((8, 0), "^"), ((0, 4), "v")]
)
def test_the_head_of_an_arrow_shows_its_direction(end: tuple[int, int], head: str) -> None:
    canvas = Canvas(9, 5, is_unicode=False)
    canvas.line((4, 2), end, has_head=True)
    assert "".join(drawn(canvas)).count(head) == 1


def test_neighbouring_cells_have_no_room_for_a_line() -> None:
    canvas = Canvas(3, 1, is_unicode=True)
    canvas.line((0, 0), (1, 0), has_head=True)
    canvas.line((1, 0), (1, 0), has_head=True)
    assert drawn(canvas) == ["   "]


def test_wide_characters_take_two_cells_and_combining_ones_none() -> None:
    canvas = Canvas(7, 1, is_unicode=True)
    canvas.write((1, 0), "塔e\u0301x")
    assert drawn(canvas) == [" 塔e\u0301x  "]
    canvas.put((6, 0), "|")
    assert drawn(canvas) == [" 塔e\u0301x |"]


def test_what_is_outside_is_not_drawn() -> None:
    canvas = Canvas(3, 2, is_unicode=True)
    canvas.write((2, 0), "abc")
    canvas.put((0, 5), "x")
    canvas.put((-1, 0), "x")
    assert drawn(canvas) == ["  a", "   "]


def test_equal_values_are_a_level_line_in_the_middle() -> None:
    pen = Pen(Console(width=40, height=20, file=StringIO(), color_system=None))
    marks = [Mark(float(layer), 1.0) for layer in range(5)]
    drawn = chart(marks, pen, 12, (Title("layer"), Title("")), paths=[range(5)], is_square=False)
    rows = [row.plain for row in drawn.rows[1:-2]]  # without the frame above and below
    [line] = [row for row in rows if any(mark in row for mark in "●o")]
    assert line.startswith("1.0")
    assert abs(rows.index(line) - len(rows) / 2) <= 1
