"""The page of a picture in headless Chromium without a network: labels, search, neighbours, keys, light, dark."""

import json
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import Browser
from drawn import HOSTILE, Box, overlapping, points_of, records

from embcli.models.open import StoredSpace
from embcli.plot.frame import THEMES
from embcli.plot.glyphs import text_width
from embcli.plot.page import LISTED_NEIGHBORS, as_data
from embcli.plot.points import chosen_vectors, plot
from embcli.plot.question import PlotQuestion
from embcli.plot.vega import draw_file
from embcli.render.readable import printed
from embcli.vectors.space import VectorSpace

# Keeps the texts that are drawn on canvases, but for those that are turned, with the places of their left ends in the
# window, their widths and their sizes.
RECORDER = """
window.drawn = [];
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
  const turn = this.getTransform(), place = turn.transformPoint(new DOMPoint(x, y));
  const width = this.measureText(text).width, left = {right: width, center: width / 2}[this.textAlign] || 0;
  const canvas = this.canvas.getBoundingClientRect(), size = parseFloat(this.font.match(/([0-9.]+)px/)[1]);
  if (!turn.b) window.drawn.push([text, canvas.left + place.x - left, canvas.top + place.y, width, size]);
  return fillText.apply(this, arguments);
};
"""
# The area of the data in the window: left, top, width, height.
AREA = """(() => {
  const whole = document.getElementById("picture").getBoundingClientRect();
  const room = JSON.parse(document.getElementById("data").textContent).specification.padding;
  return [whole.left + room.left, whole.top + room.top, whole.width - room.left - room.right,
          whole.height - room.top - room.bottom];
})()"""
# Of an area: what points leave free at each side (see `FREE` in scatter.py).
USED = 0.88


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.call("Page.addScriptToEvaluateOnNewDocument", source=RECORDER)
        yield opened


@pytest.fixture(autouse=True)
def all_is_well(browser: Browser) -> Iterator[None]:
    browser.problems.clear()
    browser.requests.clear()
    yield
    assert browser.problems == []
    assert [url for url in browser.requests if not url.startswith("file:")] == []


class Shown:
    """A page that is open: what it draws, and where its points are."""

    def __init__(self, browser: Browser, path: Path, content: bytes, *, dark: bool = False) -> None:
        path.write_bytes(content)
        self.browser = browser
        browser.open(path, dark=dark)

    def labels(self) -> list[Box]:
        """The texts that are drawn for words, and their rectangles, after the picture is drawn once more."""
        self.browser.run("window.drawn = []")
        self.browser.run("document.getElementById('picture').focus()")
        self.browser.press("ArrowLeft", "ArrowRight")
        left, top, _, height = self.browser.run(AREA)
        inside = [one for one in self.browser.run("window.drawn") if one[1] >= left and one[2] <= top + height]
        last = {text: rest for text, *rest in inside}
        words = {point["word"] for point in self.points()}
        return [
            Box(text, x, y - 0.7 * size, x + width, y + 0.2 * size)
            for text, (x, y, width, size) in last.items()
            if text in words
        ]

    def points(self) -> list[dict[str, Any]]:
        return list(self.browser.run("JSON.parse(document.getElementById('data').textContent).points"))

    def place(self, word: str) -> tuple[float, float]:
        """The pixel of a word in the window, when the whole picture is shown."""
        points = self.points()
        left, top, width, height = self.browser.run(AREA)
        (x0, x1), (y0, y1) = ((min(ends), max(ends)) for ends in zip(*((p["x"], p["y"]) for p in points), strict=True))
        unit = max((x1 - x0) / width, (y1 - y0) / height) / USED
        one = next(point for point in points if point["word"] == word)
        x = left + width / 2 + (one["x"] - (x0 + x1) / 2) / unit
        return x, top + height / 2 - (one["y"] - (y0 + y1) / 2) / unit

    def text(self, name: str) -> str | None:
        """The text of an element; None if it is hidden."""
        element = f"document.getElementById('{name}')"
        return self.browser.run(f"{element}.hidden ? null : {element}.innerText")  # type: ignore[no-any-return]

    def neighbors(self) -> list[str]:
        """The words in the list of neighbours."""
        return list(self.browser.run("[...document.querySelectorAll('#chosen li button')].map(one => one.textContent)"))


def page_of(space: VectorSpace, question: PlotQuestion, theme: str | None = None) -> bytes:
    return draw_file(printed(plot(space, question)), "html", theme, chosen_vectors(space, question))


TOWER = PlotQuestion(neighbors="tower")


@pytest.fixture
def tower(browser: Browser, glove: StoredSpace, tmp_path: Path) -> Shown:
    return Shown(browser, tmp_path / "tower.html", page_of(glove, TOWER))


def nearest_to(word: str, glove: StoredSpace) -> dict[str, float]:
    """The nearest of the points of TOWER to one of them, with their cosines."""
    vectors = chosen_vectors(glove, TOWER)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    words = [one.word for one in plot(glove, TOWER).results]
    cosines = units @ units[words.index(word)]
    return {words[i]: float(cosines[i]) for i in np.argsort(-cosines)[1 : LISTED_NEIGHBORS + 1]}


def test_every_word_is_drawn_and_no_label_covers_another(tower: Shown) -> None:
    labels = tower.labels()
    assert {box.text for box in labels} == {point["word"] for point in tower.points()}
    assert overlapping(labels) == []
    for box in labels:
        x, y = tower.place(box.text)
        assert box.left - 12 <= x <= box.right + 12
        assert box.top - 12 <= y <= box.bottom + 12


def test_a_word_is_found_and_its_neighbours_are_listed(tower: Shown, glove: StoredSpace) -> None:
    browser = tower.browser
    browser.press("/", "tow")
    assert browser.run("document.activeElement.id") == "search"
    options = browser.run("[...document.querySelectorAll('#found [role=option]')].map(one => one.textContent)")
    assert options == ["tower", "towers"]
    assert browser.run("document.getElementById('search').getAttribute('aria-activedescendant')") == "found-0"
    browser.press("ArrowDown", "Enter")
    nearest = nearest_to("towers", glove)
    assert tower.neighbors() == [*nearest]
    assert (tower.text("chosen") or "").split("\n")[-3:] == [[*nearest][-1], f"{[*nearest.values()][-1]:.3f}", "Clear"]
    assert {box.text for box in tower.labels()} == {"towers", *nearest}
    browser.press("Escape")
    assert tower.text("chosen") is None
    assert len(tower.labels()) == len(tower.points())


def test_an_unknown_word_is_said_not_to_be_here(tower: Shown) -> None:
    tower.browser.press("/", "zebra")
    assert tower.text("found") == "no such word here"
    assert tower.labels() == []


def test_the_pointer_shows_the_word_and_its_cosine_to_the_query(tower: Shown) -> None:
    tower.browser.point(*tower.place("towers"))
    assert tower.text("tip") == "towers\nneighbor\ncosine to tower 0.877"
    x, y = tower.place("towers")
    tower.browser.point(x + 30, y - 30)
    assert tower.text("tip") is None


def test_a_click_on_a_word_marks_its_neighbours_and_one_beside_it_clears(tower: Shown, glove: StoredSpace) -> None:
    tower.browser.click(*tower.place("dome"))
    nearest = [*nearest_to("dome", glove)]
    assert tower.neighbors() == nearest
    assert tower.text("tip") is None
    tower.browser.run("document.querySelector('#chosen li button').click()")
    assert (tower.text("chosen") or "").startswith(nearest[0])
    tower.browser.run("document.querySelector('#chosen > button').click()")
    assert tower.text("chosen") is None
    tower.browser.click(*tower.place("dome"))
    tower.browser.click(70, 400)
    assert tower.text("chosen") is None


def test_keys_move_and_enlarge_the_picture(tower: Shown) -> None:
    at_first = {box.text: box for box in tower.labels()}
    tower.browser.press("ArrowRight", "ArrowDown")
    moved = {box.text: box for box in tower.labels()}
    assert moved["dome"].left == pytest.approx(at_first["dome"].left - 60, abs=1)
    assert moved["dome"].top == pytest.approx(at_first["dome"].top - 60, abs=1)
    tower.browser.press("Home", "+", "+")
    larger = {box.text: box for box in tower.labels()}
    apart = [boxes["brick"].left - boxes["deck"].right for boxes in (at_first, larger)]
    assert apart[1] > 1.3 * apart[0]
    tower.browser.press("0")
    assert {box.text: round(box.left) for box in tower.labels()} == {
        word: round(box.left) for word, box in at_first.items()
    }


def test_the_wheel_enlarges_around_the_pointer_and_dragging_moves(tower: Shown) -> None:
    at_first = {box.text: box for box in tower.labels()}
    x, y = tower.place("tower")
    tower.browser.turn_wheel(x, y, -400)
    larger = {box.text: box for box in tower.labels()}
    assert larger["tower"].left == pytest.approx(at_first["tower"].left, abs=2)
    assert larger["towers"].left - larger["tower"].left > 1.3 * (at_first["towers"].left - at_first["tower"].left)
    tower.browser.drag((x + 20, y + 40), (x + 120, y + 90))
    moved = {box.text: box for box in tower.labels()}
    assert moved["tower"].left == pytest.approx(larger["tower"].left + 100, abs=2)
    assert tower.text("chosen") is None  # dragging is not clicking


def test_light_and_dark_follow_the_system_until_the_button_or_the_file_says_otherwise(
    browser: Browser, glove: StoredSpace, tmp_path: Path
) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light, dark = (rgb(THEMES[name].paper) for name in ("light", "dark"))
    page = page_of(glove, TOWER)
    Shown(browser, tmp_path / "page.html", page)
    assert browser.run(paper) == light
    first = browser.screenshot()
    Shown(browser, tmp_path / "page.html", page, dark=True)
    assert browser.run(paper) == dark
    assert browser.screenshot() != first
    browser.run("document.getElementById('theme').click()")
    assert browser.run(paper) == light
    Shown(browser, tmp_path / "dark.html", page_of(glove, TOWER, "dark"))
    assert browser.run(paper) == dark


def rgb(colour: str) -> str:
    """A colour as browsers spell it: #ffffff is rgb(255, 255, 255)."""
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_hostile_words_are_texts(browser: Browser, toy: VectorSpace, tmp_path: Path) -> None:
    words = [*HOSTILE, *(f"word{i}" for i in range(20))]
    space = VectorSpace.from_words(words, np.random.default_rng(1).normal(size=(len(words), 5)), "hostile")
    shown = Shown(browser, tmp_path / "hostile.html", page_of(space, PlotQuestion(top=len(words))))
    elements = "[document.scripts.length, document.images.length, document.querySelectorAll('svg, iframe').length]"
    assert browser.run(elements) == [2, 0, 0]
    drawn = printed(tuple(words))
    assert [point["word"] for point in shown.points()] == [*drawn]
    for word in drawn[:12]:
        browser.press("/")
        browser.run("document.getElementById('search').value = ''")
        browser.run(f"document.getElementById('search').value = {json.dumps(word)}")
        browser.run("document.getElementById('search').dispatchEvent(new Event('input'))")
        browser.press("Enter")
        assert browser.run("document.querySelector('#chosen h2').textContent") == word
        browser.press("Escape")
    assert browser.run(elements) == [2, 0, 0]


def test_data_in_a_script_element_cannot_end_it() -> None:
    text = as_data(list(HOSTILE))
    assert json.loads(text) == list(HOSTILE)
    assert re.search("[<>&\u2028\u2029]", text) is None
    assert text.isascii()


class References(HTMLParser):
    """The values of attributes that a browser would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href", "data", "action", "srcset")]


def test_a_page_refers_to_nothing_and_its_policy_forbids_requests(tower: Shown, glove: StoredSpace) -> None:
    parser = References()
    parser.feed(page_of(glove, TOWER).decode())
    assert parser.found == []
    asked = "fetch('file:///etc/hostname').then(() => 'loaded', () => 'refused')"
    assert tower.browser.run(asked) == "refused"
    tower.browser.problems.clear()  # the browser reports what it refuses


@pytest.mark.parametrize("kind", ["number line", "bars", "heat map", "pattern", "senses"])
def test_pages_of_other_pictures_have_their_texts(
    kind: str, browser: Browser, toy: VectorSpace, tmp_path: Path
) -> None:
    record = records(toy)[kind]
    Shown(browser, tmp_path / "page.html", draw_file(record, "html"))
    texts = browser.run("[...document.querySelectorAll('#picture svg text')].map(one => one.textContent)")
    words = {"number line": "king −2.00", "bars": "snape", "heat map": "cat", "pattern": "0.25", "senses": "texts 1, 2"}
    assert words[kind] in texts
    assert browser.run("document.querySelector('h1').textContent")
    assert browser.run("document.querySelector('.search').hidden") is True
    assert browser.run("document.documentElement.scrollWidth <= innerWidth") is True


def test_the_pointer_shows_a_cosine_of_a_heat_map(browser: Browser, toy: VectorSpace, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path / "page.html", draw_file(records(toy)["heat map"], "html"))
    x, y, width, height = browser.run(
        "(() => { const cell = document.querySelectorAll('#picture .mark-rect path')[1].getBoundingClientRect();"
        "return [cell.left, cell.top, cell.width, cell.height]; })()"
    )
    browser.point(x + width / 4, y + height / 4)
    assert shown.text("tip") == "king · queen\n0.6000"


def test_widths_of_letters_are_those_of_the_browser(browser: Browser, toy: VectorSpace, tmp_path: Path) -> None:
    Shown(browser, tmp_path / "page.html", draw_file(records(toy)["bars"], "html"))
    for text in ("king − man + woman", "Wikipedia", "octopuses", "0123456789 (%)", "éàüñ"):
        width = browser.run(
            "(() => { const canvas = document.createElement('canvas').getContext('2d'); canvas.font = '100px Arial';"
            f"canvas.fontKerning = 'none'; return canvas.measureText({json.dumps(text)}).width; }})()"
        )
        assert text_width(text, 100) == pytest.approx(width, rel=0.02), text


@pytest.mark.slow
@pytest.mark.parametrize("count", [300, 2000, 5000])
def test_a_page_of_many_words_works(count: int, browser: Browser, glove: StoredSpace, tmp_path: Path) -> None:
    content = page_of(glove, PlotQuestion(top=count))
    if count == 2000:
        assert len(content) <= 1_300_000
    shown = Shown(browser, tmp_path / "page.html", content)
    labels = shown.labels()
    assert len(labels) > 40
    assert overlapping(labels) == []
    browser.press("/", "president", "Enter")
    assert (shown.text("chosen") or "").startswith("president")
    assert {box.text for box in shown.labels()} <= {"president", *shown.neighbors()}
    assert len(shown.labels()) > LISTED_NEIGHBORS / 2


def test_a_picture_of_one_word_is_a_page(browser: Browser, tmp_path: Path) -> None:
    record = points_of(["one"])
    shown = Shown(browser, tmp_path / "page.html", draw_file(record, "html", None, np.ones((1, 3))))
    shown.browser.press("/", "one", "Enter")
    assert (shown.text("chosen") or "").startswith("one")
    assert shown.neighbors() == []
