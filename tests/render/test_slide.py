"""Tables as files for slides: the texts of the terminal at their columns, in colours, and nothing that is fetched."""

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

from embcli.render import render
from embcli.render.printable import printable
from embcli.render.slide import CELL, ROOM, TEXT_COLOURS, slide
from embcli.results.model_card import ModelCard
from embcli.results.similarity import Membership, OddOneOut
from embcli.results.words import WordsQuery

SVG = "{http://www.w3.org/2000/svg}"
WORDS = ("<b>king</b>", "a&b", '"quoted"', "日本語", "</pre><script>", "\x1b[31mred", "\uffff", "plain")


def odd(words: tuple[str, ...] = WORDS) -> str:
    """The table of a record of these words, for slides."""
    results = tuple(Membership(word, 0.5) for word in words)
    record = OddOneOut("embcli.odd/1", ModelCard("toy", 15, 5), WordsQuery(words, {}), results, words[0])
    return render(record, "slide")


def test_an_svg_has_every_text_at_its_column_as_wide_as_its_cells() -> None:
    texts = ElementTree.fromstring(slide("\x1b[1mking\x1b[0m   0.8524  日本\n    queen", "svg")).iter(f"{SVG}text")
    found = [
        (one.text, round((float(one.get("x", 0)) - ROOM) / CELL), round(float(one.get("textLength", 0)) / CELL),
         one.get("class"))
        for one in texts
    ]  # fmt: skip
    assert found == [
        ("king", 0, 4, "bold"), ("0.8524", 7, 6, None), ("日本", 15, 4, None), ("queen", 4, 5, None),
    ]  # fmt: skip


def test_a_bar_is_a_rectangle_of_its_length_in_eighths_of_a_cell() -> None:
    bars = ElementTree.fromstring(slide("\x1b[36m██▌\x1b[0m", "svg")).findall(f"{SVG}rect")
    assert bars[-1].get("class") == "cyan"
    assert float(bars[-1].get("width", 0)) == pytest.approx(2.5 * CELL, abs=0.1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_are_those_of_the_theme(theme: str) -> None:
    svg = slide("\x1b[36mking\x1b[0m", "svg", theme)
    assert TEXT_COLOURS[theme]["cyan"] in svg
    assert 'class="cyan"' in svg
    html = slide("\x1b[36mking\x1b[0m", "html", theme)
    assert TEXT_COLOURS[theme]["cyan"] in html
    assert "prefers-color-scheme" not in html


def test_a_page_follows_the_readers_system_unless_a_theme_is_given() -> None:
    html = slide("king", "html")
    light, dark = html.split("@media (prefers-color-scheme: dark)")
    assert TEXT_COLOURS["light"]["cyan"] in light
    assert TEXT_COLOURS["dark"]["cyan"] in dark


class Page(HTMLParser):
    """The tags of a page, and the text of its table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data if "pre" in self.tags else ""


@pytest.mark.parametrize("word", WORDS)
def test_words_are_texts_in_every_format(word: str) -> None:
    shown = printable(word).replace("\uffff", "\ufffd")
    svg = ElementTree.fromstring(slide(odd((word, "king")), "svg"))
    assert {element.tag.removeprefix(SVG) for element in svg.iter()} == {"svg", "title", "style", "rect", "text"}
    assert shown in [one.text for one in svg.iter(f"{SVG}text")]
    page = Page(slide(odd((word, "king")), "html"))
    assert set(page.tags) == {"html", "head", "meta", "title", "style", "body", "pre", "span"}
    assert shown in page.text
    assert printable(word) in slide(odd((word, "king")), "txt")


def test_a_text_file_is_the_table_without_colours() -> None:
    text = slide(odd(), "txt")
    assert "\x1b" not in text
    lines = [line.rstrip() for line in re.sub("\x1b\\[[0-9;]*m", "", odd()).rstrip("\n").split("\n")]
    assert text.split("\n") == [*lines, ""]


@pytest.mark.parametrize("suffix", ["svg", "html"])
def test_nothing_is_fetched(suffix: str) -> None:
    content = slide(odd(("king", "queen")), suffix)
    assert re.findall(r"https?://[^\"]*", content) == ["http://www.w3.org/2000/svg"] * (suffix == "svg")
    assert "url(" not in content
    assert "@font-face" not in content


def test_a_slide_is_equal_on_every_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = odd()
    for name, value in (("NO_COLOR", "1"), ("COLUMNS", "40"), ("TERM", "dumb"), ("FORCE_COLOR", "1")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert odd() == usual
    assert "\x1b[" in usual
