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


class Excerpt(NamedTuple):
    """The first lines of an answer (`| head -n 9`), or the last ones (`| tail -n 9`)."""

    program: str
    lines: int

    def of(self, text: str) -> str:
        """These lines of a text: Excerpt("tail", 1).of("a\\nb\\n")  # "b\\n"."""
        lines = text.splitlines(keepends=True)
        return "".join(lines[: self.lines] if self.program == "head" else lines[-self.lines :])

    def __str__(self) -> str:
        return f" | {self.program} -n {self.lines}"


def split_excerpt(line: str) -> tuple[str, Excerpt | None]:
    """A line without the excerpt at its end, and that, if there is one.

    split_excerpt("shapes gpt-3 | head -n 9")  # ("shapes gpt-3", Excerpt("head", 9))
    """
    found = re.fullmatch(r"(.*[^\s\\])\s*\|\s*(head|tail)\s+(?:-n\s*|-)([1-9]\d{0,5})\s*", line)
    if found is None or split_line(found[1])[-1].quote:
        return line, None
    return found[1], Excerpt(found[2], int(found[3]))


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
                f"only | head -n 9 and | tail -n 9 end a line; for the sign as a word, write '{argument.raw}'",
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
