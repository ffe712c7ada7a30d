"""Widths of texts: those of Helvetica's letters, and a guess that is never too small by much for other scripts.

`test_page.py` compares them with those of a browser.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embcli.plot.glyphs import WIDTHS, shortened, text_width


def test_the_width_of_a_word_is_the_sum_of_its_letters() -> None:
    assert text_width("king", 10) == pytest.approx(18.34)  # 0.5 + 0.222 + 0.556 + 0.556 em
    assert text_width("", 10) == 0


def test_every_printable_character_of_ascii_has_a_width_of_its_own() -> None:
    listed = "".join(WIDTHS.values())
    assert {chr(code) for code in range(32, 127)} <= set(listed)
    assert len(set(listed)) == len(listed)


def test_accents_take_no_width_and_ideographs_are_squares() -> None:
    assert text_width("é", 10) == text_width("e\u0301", 10) == text_width("e", 10)
    assert text_width("日本", 10) == 20


@given(st.text(), st.floats(0, 200))
def test_a_shortened_text_fits_or_is_an_ellipsis(text: str, room: float) -> None:
    shown = shortened(text, 12, room)
    assert text_width(shown, 12) <= room or shown in ("…", text[:0])
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
