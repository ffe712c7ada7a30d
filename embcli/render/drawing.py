"""Shared parts of tables: bars and number lines, headlines, numbers, and grids that fit the terminal."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console, RenderableType
from rich.text import Text

from embcli.render.printable import cell_width, printable
from embcli.results.model_card import ModelCard

BAR = 24  # longest bar
LEAST_BAR = 3  # shortest bar
LINE = 15  # half of the longest number line
FOLDED = 6  # least width of folded words
WHOLE = 80  # from this terminal width on, no column is omitted; words are folded instead
GAP = 3  # between columns
EXPENDABLE = 9  # rank of columns that are omitted at any width before a cell loses a fact


class Flexible(NamedTuple):
    """A cell that is drawn in the available width, between `least` and `most`.

    loss: name of what a shortened cell omits, for the note below the table. words: the cell in words alone.
    """

    least: int
    most: int
    draw: Callable[[int], Text]
    loss: str = ""
    words: str = ""


Cell = str | Text | Flexible


class Column(NamedTuple):
    """A column of a grid. words: whether it may be folded. rank: of the columns, the highest rank is omitted first."""

    heading: str | Flexible
    right: bool = False
    words: bool = False
    rank: int = 0


class Grid:
    """A table that fits the terminal: bars are shortened first, then columns are omitted, then words are folded.

    From a width of 80 on, no column is omitted, but those of the rank EXPENDABLE.
    """

    def __init__(self, *columns: Column) -> None:
        self.columns = columns
        self.rows: list[Sequence[Cell]] = []
        self.styles: list[str] = []
        self.spaces: set[int] = set()
        self.summaries: set[int] = set()

    def add(self, *cells: Cell, style: str = "") -> None:
        """Add a row."""
        self.rows.append(cells)
        self.styles.append(style)

    def add_space(self) -> None:
        """Leave a line empty before the next row."""
        self.spaces.add(len(self.rows))

    def add_summary(self, label: str, *cells: Cell) -> None:
        """Add a row about the rows above, after an empty line."""
        self.add_space()
        self.summaries.add(len(self.rows))
        self.add(label, *cells)

    def fit(self, console: Console) -> list[RenderableType]:
        """The table in the console's width, and a note that names the omitted columns.

        Numbers are never truncated: if the least width does not fit, the table is wider.
        """
        width = console.width
        kept = list(range(len(self.columns)))
        if self._comfortable(kept) > width:
            kept = [i for i in kept if self.columns[i].rank != EXPENDABLE]
        while width < WHOLE and self._total(kept) > width:
            last = max(self.columns[i].rank for i in kept)
            if last == 0:
                break
            kept = [i for i in kept if self.columns[i].rank != last]
        drawn = self._drawn(kept, width)
        table = Text("\n").join(self._lines(drawn, console))
        table.no_wrap = True
        parts: list[RenderableType] = [table]
        left_out = [str(column.heading) for i, column in enumerate(self.columns) if i not in kept and column.heading]
        cells = [(cells[i], drawn[i][number].plain) for i in drawn for number, cells in enumerate(self.rows, start=1)]
        left_out += dict.fromkeys(
            cell.loss for cell, text in cells
            if isinstance(cell, Flexible) and cell.loss and text.strip() != cell.draw(cell.most).plain.strip()
        )  # fmt: skip
        if left_out:
            note = f"not shown: {', '.join(dict.fromkeys(left_out))}"
            parts += [Text(), Text(note)]
        return parts

    def in_words(self) -> list[RenderableType]:
        """Each row as a line of headings and cells, without bars and rules: `rank 1, word queen, cosine 0.8524`."""
        headings = [_words_of(column.heading) for column in self.columns]
        lines = []
        for number, cells in enumerate(self.rows):
            # A plain "-" stands for no value; a word is a Text.
            pairs = zip(headings, ["" if cell == "-" else _words_of(cell) for cell in cells], strict=True)
            named = [(heading, text) for heading, text in pairs if text]
            if number in self.summaries:
                named[0] = "", named[0][1]
            lines.append(", ".join(f"{heading} {text}".strip() for heading, text in named))
        return [Text("\n".join(lines))]

    def _extent(self, number: int) -> tuple[int, int]:
        """The least and the greatest width of a column."""
        column = self.columns[number]
        cells: list[Cell] = [column.heading, *(cells[number] for cells in self.rows)]
        least = max(cell.least if isinstance(cell, Flexible) else cell_width(str(cell)) for cell in cells)
        most = max(cell.most if isinstance(cell, Flexible) else cell_width(str(cell)) for cell in cells)
        return least, max(least, most)

    def _comfortable(self, kept: Sequence[int]) -> int:
        """The total width of columns in which no cell loses a fact."""
        widths = [
            max(
                self._extent(i)[0],
                *(cell.most for cells in self.rows if isinstance(cell := cells[i], Flexible) and cell.loss),
                0,
            )
            for i in kept
        ]
        return sum(widths) + GAP * (len([one for one in widths if one]) - 1)

    def _total(self, kept: Sequence[int]) -> int:
        """The least total width of columns and the gaps between them."""
        widths = [self._extent(i)[0] for i in kept]
        return sum(widths) + GAP * (len([one for one in widths if one]) - 1)

    def _drawn(self, kept: Sequence[int], width: int) -> dict[int, list[Text]]:
        """Each column's heading and cells drawn in the available width; empty columns are omitted."""
        extents = {i: self._extent(i) for i in kept}
        rooms = {i: most for i, (_, most) in extents.items()}
        flexible = [i for i, (least, most) in extents.items() if least < most]
        while flexible and (too_much := sum(rooms.values()) + GAP * (len(kept) - 1) - width) > 0:
            share = -(-too_much // len(flexible))
            for i in flexible:
                least = extents[i][0]
                # A bar shorter than LEAST_BAR is omitted.
                rooms[i] = rooms[i] - share if rooms[i] - share - least >= LEAST_BAR else least
            flexible = [i for i in flexible if rooms[i] > extents[i][0]]
        cells = {i: [self.columns[i].heading, *(cells[i] for cells in self.rows)] for i in kept}
        drawn = {i: [_drawn(cell, rooms[i]) for cell in column] for i, column in cells.items()}
        return {i: column for i, column in drawn.items() if any(cell.plain for cell in column)}

    def _lines(self, drawn: Mapping[int, list[Text]], console: Console) -> list[Text]:
        """The lines of the table: the headings in bold above a rule, if there are any, and the rows."""
        widths = {i: max(cell_width(cell.plain) for cell in column) for i, column in drawn.items()}
        foldable = [i for i in drawn if self.columns[i].words]
        while foldable and sum(widths.values()) + GAP * (len(drawn) - 1) > console.width:
            widest = max(foldable, key=lambda i: widths[i])
            if widths[widest] <= FOLDED:
                break
            widths[widest] -= 1
        lines = []
        if any(column[0].plain for column in drawn.values()):
            lines = self._row({i: column[0] for i, column in drawn.items()}, widths, console, "bold")
            rule = "─" if console.encoding.startswith("utf") else "-"
            lines.append(Text(rule * (sum(widths.values()) + GAP * (len(widths) - 1))))
        for number, style in enumerate(self.styles):
            lines += [Text()] if number in self.spaces and number else []
            lines += self._row({i: column[number + 1] for i, column in drawn.items()}, widths, console, style)
        return lines

    def _row(self, cells: Mapping[int, Text], widths: Mapping[int, int], console: Console, style: str) -> list[Text]:
        """A row, of several lines if words are folded."""
        folded = {}
        for i, cell in cells.items():
            fits = cell_width(cell.plain) <= widths[i]
            folded[i] = [cell] if fits else [*cell.wrap(console, widths[i], overflow="fold")]
            if fits and self.columns[i].right:
                cell.pad_left(widths[i] - cell_width(cell.plain))
        lines = []
        for number in range(max(map(len, folded.values()))):
            line, space = Text(style=style), 0
            for i, parts in folded.items():
                part = parts[number] if number < len(parts) else Text()
                line.append(" " * space).append_text(part)
                space = widths[i] - cell_width(part.plain) + GAP
            lines.append(line)
        return lines


# The parts of a view, from top to bottom.
Parts = list[RenderableType | Grid]


class Pen:
    """Draws bars and number lines, in ASCII where the encoding is not Unicode; longer ones where there is room.

    in_words: whether signs are replaced by words.
    """

    def __init__(self, console: Console, *, in_words: bool = False) -> None:
        fancy = console.encoding.startswith("utf")
        self.full, self.parts = ("█", " ▏▎▍▌▋▊▉") if fancy else ("#", " ")
        self.zero, self.line, self.dot, self.minus = ("│", "━", "●", "−") if fancy else ("|", "=", "o", "-")
        self.times, self.separator = ("×", " · ") if fancy else ("x", " | ")
        self.degree, self.ellipsis = ("°", "…") if fancy else (" deg", "...")
        self.and_so_on = "and so on" if in_words else self.ellipsis
        if in_words:
            self.times, self.separator, self.degree, self.ellipsis = "by", ", ", " degrees", "and"
        self.shades = " ░▒▓█" if fancy else " .:*#"
        self.in_words = in_words
        self.is_unicode = fancy
        self.width, self.height = console.width, console.height
        self._console = console
        more = max(0, console.width - WHOLE)
        self.longest_bar, self.half_line = BAR + more, LINE + more // 2

    def bar(self, value: float, whole: float, before: str = "") -> Flexible:
        """A bar of length value / whole; empty unless value is positive. before: text in front of the bar."""
        share = max(0.0, min(1.0, value / whole if whole else 0.0))

        def draw(width: int) -> Text:
            eighths = round(share * max(0, width - len(before)) * len(self.parts))
            full, rest = divmod(eighths, len(self.parts))
            return Text.assemble(before, (self.full * full + self.parts[rest].strip(), "cyan"))

        return Flexible(len(before.rstrip()), len(before) + self.longest_bar, draw, words=before.strip())

    def shade(self, share: float) -> str:
        """A sign for a share from 0 to 1, the darker the more."""
        return (
            self.shades[min(len(self.shades) - 1, math.ceil(share * (len(self.shades) - 1)))] if share > 0.005 else ""
        )

    def number_line(self, value: float, reach: float) -> Flexible:
        """A mark at `value` on a line from -reach to reach, connected to zero in the middle."""

        def draw(width: int) -> Text:
            half = (width - 1) // 2
            if half < 1:
                return Text()
            steps = round(value / reach * half) if reach else 0
            left = " " * half if steps >= 0 else " " * (half + steps) + self.dot + self.line * (-steps - 1)
            right = "" if steps <= 0 else self.line * (steps - 1) + self.dot
            return Text.assemble((left, "red"), self.dot if steps == 0 else self.zero, (right, "green"))

        return Flexible(0, 2 * self.half_line + 1, draw)

    def scale(self) -> Flexible:
        """The heading above number lines: -, 0 and +."""

        def draw(width: int) -> Text:
            space = " " * max(0, (width - 1) // 2 - 1)
            return Text(f"{self.minus}{space}0{space}+" if width >= LEAST_BAR else "")

        return Flexible(0, 2 * self.half_line + 1, draw)

    def rows_of(self, part: Any) -> int:
        """The number of rows that a part of a view, other than a Grid, takes with its lines folded."""
        return len(self._console.render_lines(part, pad=False))

    def model(self, card: ModelCard) -> str:
        """The name and the shape of a model."""
        shape = f"{printable(card.name)}, {card.words:,} words {self.times} {card.dim}"
        if card.index_type is None:
            return shape
        chosen = [f"{name}={value}" for name, value in (card.index_parameters or {}).items()]
        index = printable(" ".join([card.index_type, *chosen]))
        return f"{shape}, index {index}" + ("" if card.exact else ", not exact")


def longest_of(*texts: str, style: str = "", loss: str = "") -> Flexible:
    """The first text that fits, of texts in descending length. loss: the name of what shorter texts omit."""

    def draw(width: int) -> Text:
        return Text(next((text for text in texts if cell_width(text) <= width), ""), style=style)

    return Flexible(cell_width(texts[-1]), cell_width(texts[0]), draw, loss, words=texts[0])


def word(text: str, style: str = "bold") -> Text:
    """A word of a vocabulary, as data."""
    return Text(printable(text), style=style, overflow="fold")


def cosine(value: float, sign: str = "") -> str:
    """Four decimals, without negative zero: cosine(0.85236) = '0.8524'."""
    return f"{round(value, 4) + 0.0:{sign}.4f}"


def digits(value: float, sign: str = "") -> str:
    """Five significant digits: 21.878, 0.51510, 2.1878e-07; zero gives 0.0000."""
    return f"{value:{sign}#.5g}".rstrip(".") if value else f"{0:{sign}.4f}"


def lengths(values: Sequence[float], sign: str = "") -> list[str]:
    """Five significant digits each, with trailing spaces that align the decimal points."""
    texts = [digits(value, sign) for value in values]
    after = [len(text) - text.find(".") if "." in text else 0 for text in texts]
    return [text + " " * (max(after) - one) for text, one in zip(texts, after, strict=True)]


def headline(pen: Pen, title: str, facts: Iterable[str | None], asked: Any = None) -> Parts:
    """The question in bold, facts about it, and what is reported about its words.

    asked: a record of a question with the fields `resolved`, `rare` and, for some, `skipped`.
    """
    parts: Parts = [Text(printable(title), style="bold")] if title else []
    parts.append(Text(pen.separator.join(fact for fact in facts if fact)))
    if asked is None or not hasattr(asked, "resolved"):
        return [*parts, Text()]
    if asked.resolved:
        readings = ", ".join(f'"{printable(typed)}" as {printable(used)}' for typed, used in asked.resolved.items())
        parts.append(Text(f"read {readings}", style="magenta"))
    parts += [
        Text(f"{printable(one.word)} is rare (row {one.row:,}): {printable(one.instead)}?", style="magenta")
        for one in asked.rare or ()
    ]
    if getattr(asked, "skipped", None):
        names = ", ".join(map(printable, asked.skipped))
        parts.append(Text(f"skipped, not in the vocabulary: {names}", style="magenta"))
    return [*parts, Text()]


def _drawn(cell: Cell, width: int) -> Text:
    if isinstance(cell, Flexible):
        return cell.draw(width)
    return Text(cell) if isinstance(cell, str) else cell.copy()


def _words_of(cell: Cell) -> str:
    return (cell.words if isinstance(cell, Flexible) else str(cell)).strip()
