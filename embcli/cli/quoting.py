"""A line as a POSIX shell splits it into arguments, and text as it must be typed in such a line."""

import os
import re
from typing import NamedTuple

from embcli.errors import UsageProblem

# Characters that a shell would interpret in a word, and those that a backslash escapes inside double quotes.
SPECIAL = re.compile(r"([^\w@%+=:,./-])")
SPECIAL_IN_QUOTES = re.compile(r'(["\\$`])')
# Signs by which a shell joins programs and files.
CONTROL_SIGNS = ("|", "||", "&", "&&", ";", "<", "<<", ">", ">>")


class Argument(NamedTuple):
    """An argument as it is typed and as the program receives it; quote: the quotation mark that is open at its end."""

    raw: str
    text: str
    quote: str


def split_line(line: str) -> list[Argument]:
    """The arguments of a line as a POSIX shell splits it; the last one is that at the end, and may be empty.

    split_line('lookup "new yo')[-1]  # Argument('"new yo', "new yo", '"')
    """
    arguments, raw, text, quote, is_escaped = [], "", "", "", False
    for character in line:
        if not quote and not is_escaped and character.isspace():
            if raw:
                arguments.append(Argument(raw, text, ""))
            raw = text = ""
            continue
        raw += character
        if is_escaped:
            is_kept = quote and not SPECIAL_IN_QUOTES.match(character)
            text += f"\\{character}" if is_kept else character
            is_escaped = False
        elif character == "\\" and quote != "'":
            is_escaped = True
        elif character == quote:
            quote = ""
        elif character in "\"'" and not quote:
            quote = character
        else:
            text += character
    return [*arguments, Argument(raw, text, quote)]


def split_command(line: str) -> list[Argument]:
    """The arguments of a complete line, with the home folder for `~/`.

    Raises UsageProblem for an open quotation mark, and for pipes and the like.

    split_command("nn 'new york'")[1].text  # "new york"
    """
    *arguments, last = split_line(line)
    if last.quote:
        raise UsageProblem(
            f"a quotation mark is not closed: {last.raw}", f"close it; for the sign itself, write \\{last.quote}"
        )
    if re.search(r"(?<!\\)(\\\\)*\\$", last.raw):
        raise UsageProblem("a backslash stands at the end", "remove it; for the sign itself, write \\\\")
    given = [_from_home(argument) for argument in (*arguments, last) if argument.raw]
    for argument in given:
        if argument.raw in CONTROL_SIGNS:
            raise UsageProblem(
                f"{argument.raw} joins programs in a shell, which this is not",
                f"run embcli in your shell; for the sign as a word, write '{argument.raw}'",
            )
    return given


def _from_home(argument: Argument) -> Argument:
    is_of_home = argument.raw.startswith("~/")
    return argument._replace(text=os.path.expanduser(argument.text)) if is_of_home else argument


def escape(text: str, quote: str) -> str:
    """A text as it is typed in a shell behind an open quotation mark, or without one if `quote` is empty."""
    if quote == "'":
        return text.replace("'", "'\\''")
    return (SPECIAL_IN_QUOTES if quote else SPECIAL).sub(r"\\\1", text)
