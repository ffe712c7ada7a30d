"""Words are data: what a terminal would take for a command is shown as an escape instead."""

import unicodedata

# Controls (ESC, NUL, C1), formats (bidi marks), lone surrogates, line and paragraph separators.
UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
JOINERS = "\u200c\u200d"  # formats too, but part of the spelling of many languages' words


def cell_width(text: str) -> int:
    """How many columns of a terminal the text takes: two for a wide character, none for a combining one."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def printable(text: str) -> str:
    """The text itself, or with `\\x1b`-style escapes in place of characters that could act on a terminal."""
    if text.isprintable():
        return text
    return "".join(
        char if unicodedata.category(char) not in UNSAFE or char in JOINERS else ascii(char)[1:-1] for char in text
    )
