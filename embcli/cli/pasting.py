"""Arguments pasted from a web page: curly quotation marks that the shell does not know, and dashes before options."""

import re
from collections.abc import Collection, Sequence

from embcli.queries.arguments import join_quoted

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
CURLY = "\u201c(?P<double>[^\u201c\u201d]*)\u201d|\u2018(?P<single>[^\u2018\u2019]*)\u2019"


def as_typed(arguments: Sequence[str], options: Collection[str]) -> list[str]:
    """The arguments as they would be if they had been typed: `"cats - cat"` for “cats - cat”, `-k` for –k.

    A dash is an option's only if the command has the option; otherwise it is a minus sign.

        as_typed(["\u201ccats", "-", "cat\u201d", "\u2013k", "3"], ["-k"])  # ['cats - cat', '-k', '3']
    """
    if all(map(str.isascii, arguments)):
        return [*arguments]
    typed = []
    for argument in join_quoted(arguments):
        found = re.fullmatch(CURLY, argument)
        typed.append(_as_option(argument, options) if found is None else found["double"] or found["single"] or "")
    return typed


def _as_option(argument: str, options: Collection[str]) -> str:
    found = re.fullmatch(rf"[-{DASHES}]+([^\W\d_][\w-]*)((?:=.*)?)", argument)
    if found is None or argument.isascii():
        return argument
    name = f"-{found[1]}" if len(found[1]) == 1 else f"--{found[1]}"
    return name + found[2] if name in options else argument
