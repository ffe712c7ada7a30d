"""Words are data: what a terminal would take for a command is shown as an escape instead."""

import unicodedata

# Controls (ESC, NUL, C1), formats (bidi marks), lone surrogates, line and paragraph separators.
UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
JOINERS = "\u200c\u200d"  # formats too, but part of the spelling of many languages' words


def printable(text: str) -> str:
    """The text itself, or with `\\x1b`-style escapes in place of characters that could act on a terminal."""
    if text.isprintable():
        return text
    return "".join(
        char if unicodedata.category(char) not in UNSAFE or char in JOINERS else ascii(char)[1:-1] for char in text
    )
