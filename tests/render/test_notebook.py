"""Records at a prompt and in a notebook: all values of the rows of CSV, escaped, and never too long."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_formats import ONLY_JSON, leaves, record_of

import embcli
from embcli.render import render
from embcli.render.as_json import as_json
from embcli.render.delimited import left_out, rows_of
from embcli.render.notebook import SHOWN_RESULTS, as_html
from embcli.results.lookup import Entry
from embcli.results.schemas import RECORDS
from embcli.vectors.space import VectorSpace

COMMANDS = [command for command in RECORDS if command not in ONLY_JSON]
HOSTILE = [
    "<script>alert(1)</script>", "&amp;", '"quoted"', "'single'", "</td></table>", "\u202eright to left", "\x1b[31mred",
    "line\nbreak", "<img src=x onerror=alert(1)>", "$x^2$",
]  # fmt: skip


class Reader(HTMLParser):
    """The elements and texts of HTML; fails at an element that is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: set[str] = set()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


@pytest.mark.parametrize("command", COMMANDS)
def test_every_field_of_csv_and_of_its_notes_is_in_the_html(command: str) -> None:
    record = record_of(command)
    text = "\n".join(Reader(as_html(record)).texts)
    for row in rows_of(record):
        for name, value in row.items():
            assert name in text
            assert (str(value).lower() if isinstance(value, bool) else str(value)) in text, name
    for name, value in left_out(record).items():
        assert f"{name}: {value}" in text
    for path, value in leaves(as_json(record)["query"]):
        if not path.startswith("terms."):
            assert str(value) in text, path


@pytest.mark.parametrize("command", COMMANDS)
def test_the_columns_of_the_table_are_those_of_csv(command: str) -> None:
    record = record_of(command)
    header, *rows = Reader(as_html(record)).rows
    assert header == list(next(iter(rows_of(record))))[: len(header)]
    assert len(rows) == len(record.results or record.pairs)
    assert {len(row) for row in rows} == {len(header)}


@pytest.mark.parametrize("command", COMMANDS)
def test_records_show_themselves_as_their_tables_without_colours(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    record: Any = record_of(command)
    assert "\x1b" not in repr(record)
    monkeypatch.setenv("NO_COLOR", "1")
    assert repr(record) == render(record, "table").rstrip("\n")
    assert record._repr_html_() == as_html(record)


def hostile_space() -> VectorSpace:
    vectors = np.random.default_rng(5).standard_normal((len(HOSTILE), 3))
    return VectorSpace.from_words(HOSTILE, vectors, "<b>model</b>")


def test_words_and_names_are_escaped() -> None:
    space = hostile_space()
    quoted = '"\\"quoted\\""'
    records: list[Any] = [
        embcli.find_neighbors(space, quoted, expect="&amp;", k=20),
        embcli.project(space, quoted, HOSTILE, pairs=[(HOSTILE[0], HOSTILE[1])]),
        embcli.weigh_candidates(space, quoted, HOSTILE),
        embcli.compare_words(space, [(HOSTILE[0], word) for word in HOSTILE]),
        embcli.find_odd_one(space, HOSTILE),
        embcli.look_up(space, HOSTILE, coordinates=1),
        embcli.weigh_logits(dict.fromkeys(HOSTILE, 1.0)),
    ]
    for record in records:
        html = as_html(record)
        read = Reader(html)
        assert read.elements <= {"div", "p", "strong", "br", "table", "thead", "tbody", "tr", "th", "td"}
        assert not set("\u202e\x1b") & set(html)
        cells = {cell for row in read.rows for cell in row}
        assert {"<script>alert(1)</script>", "&amp;", "</td></table>", "\\u202eright to left", "\\x1b[31mred"} <= cells
        assert "line\\nbreak" in cells
        assert 'class="tex2jax_ignore mathjax_ignore"' in html


def test_many_results_are_shortened_and_counted(glove: VectorSpace) -> None:
    ranking: Any = embcli.find_neighbors(glove, "king", k=SHOWN_RESULTS + 7)
    assert repr(ranking).endswith("\n\n... 7 more in results")
    assert len(Reader(as_html(ranking)).rows) == SHOWN_RESULTS + 1
    assert "7 more in results" in as_html(ranking)
    whole = ranking._replace(results=ranking.results[:SHOWN_RESULTS])
    assert "more in results" not in repr(whole) + as_html(whole)


def test_the_last_results_are_shown_where_they_are_the_most_important(toy: VectorSpace, tmp_path: Path) -> None:
    lines = "".join(f": s{i}\nman king woman queen\n" for i in range(SHOWN_RESULTS))
    (tmp_path / "many.txt").write_text(lines)
    evaluation: Any = embcli.evaluate_analogies(toy, tmp_path / "many.txt", methods=["3cosadd", "3cosmul"])
    odd: Any = embcli.find_odd_one(
        VectorSpace.from_words([f"w{i}" for i in range(99)], [[1, i / 99] for i in range(98)] + [[-1, 0]]),
        [f"w{i}" for i in range(99)],
    )
    assert len(evaluation.results) == 2 * (SHOWN_RESULTS + 1)
    for record, last in ((evaluation, "all"), (odd, "w98")):
        assert f"\n{last} " in repr(record)
        assert last in Reader(as_html(record)).rows[-1]
        assert len(Reader(as_html(record)).rows) == len(record.results) + 1


def test_a_long_vector_is_shortened(glove: VectorSpace) -> None:
    entry = embcli.look_up(glove, ["king"]).results[0]
    assert repr(entry).startswith("Entry(word='king', row=691, frequency_rank=692, norm=5.37")
    assert "... 47 more)" in repr(entry)
    short = Entry("a", 0, None, 1.0, (1.0, 0.0))
    assert repr(short) == "Entry(word='a', row=0, frequency_rank=None, norm=1.0, vector=(1.0, 0.0), coordinates=None)"


def test_a_record_without_results_has_a_repr_and_html(glove: VectorSpace) -> None:
    ranking = embcli.find_neighbors(glove, "king", top=1, among=None, k=1)
    empty: Any = ranking._replace(results=())
    assert repr(empty).startswith("Ranking(schema='embcli.neighbors/1'")
    assert "<table>" not in as_html(empty)
    pairs: Any = embcli.project(glove, "cats - cat", pairs=[("puppy", "puppies")])
    assert "in order" in repr(pairs)
    assert "puppies" in as_html(pairs)
