"""Escape characters of words that a terminal would interpret as commands."""

import unicodedata

# Controls (ESC, NUL, C1), formats (bidi marks), lone surrogates, line and paragraph separators.
UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Marks above, below and around a character, and joiners, take no column.
JOINED = {"Mn", "Me", "Cf"}
JOINERS = "\u200c\u200d"  # also Cf, but part of the spelling of words in many languages


def cell_width(text: str) -> int:
    """The number of terminal columns of a text: two for a wide character, none for a mark that joins the one before."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.category(char) in JOINED for char in text)


def printable(text: str) -> str:
    """The text, with escapes such as `\\x1b` in place of characters that a terminal would interpret."""
    if text.isprintable():
        return text
    return "".join(
        char if unicodedata.category(char) not in UNSAFE or char in JOINERS else ascii(char)[1:-1] for char in text
    )
