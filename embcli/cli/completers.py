"""What completes the values of options and arguments: words, models, names of the catalogue, files.

A completer takes a Typer context, whose `obj` is the model named on the command line, and the text before the cursor.
It returns candidates that begin with that text. Errors are caught in `completion.py`.
"""

import os
import re
from collections.abc import Callable, Iterable

import typer

Candidates = list[str | tuple[str, str]]

# The description of a candidate that stands for the names of files; Typer lets completers return texts only.
FILES = "\tfiles"
# Words that are listed at most: fewer than the hundred at which shells ask whether to list all.
LISTED_WORDS = 30
# Characters that begin a new word: in an expression, in pairs A:B, and in lists a,b.
BEFORE_WORD = re.compile(r"[\s(*:,]")
# A word with one of these is left out: it would be read as something else, or a shell cannot quote it everywhere.
UNFIT = re.compile(r"""[\s()*:,"\\!`?]|^[-+=]""")


def complete_words(ctx: typer.Context, incomplete: str) -> Candidates:
    """Words of the model, the most frequent first; in an expression, a pair or a list, the last word is completed."""
    return [*_words(ctx, incomplete)]


def complete_words_or_files(ctx: typer.Context, incomplete: str) -> Candidates:
    """Words; files where the text is a path, or begins no word."""
    if _is_path(incomplete):
        return _files(incomplete)
    return [*_words(ctx, incomplete)] or _files(incomplete)


def complete_files(incomplete: str) -> Candidates:
    """Names of files and folders."""
    return _files(incomplete)


def complete_models(incomplete: str) -> Candidates:
    """Installed models, and files: a model can be named by the path of its file."""
    from embcli.models.names import installed_names

    return _with_files(installed_names(), incomplete)


def complete_model_names(incomplete: str) -> Candidates:
    """Installed models."""
    from embcli.models.names import installed_names

    return [name for name in installed_names() if name.startswith(incomplete)]


def complete_sources(incomplete: str) -> Candidates:
    """Models of gensim's catalogue, and files."""
    from embcli.models.catalogue import catalog

    return _with_files([entry.name for entry in catalog().results], incomplete)


def complete_schemas(ctx: typer.Context, incomplete: str) -> Candidates:
    """Commands that have a schema; the second word of `models info` after the first."""
    from embcli.results.schemas import schema_names

    return _next_parts(schema_names(), ctx.params.get("command"), incomplete)


def complete_commands(ctx: typer.Context, incomplete: str) -> Candidates:
    """Commands, and the commands of a group after its name."""
    from embcli.cli.main import command_names

    return _next_parts(command_names(), ctx.params.get("command"), incomplete)


def complete_from(*choices: str) -> Callable[[str], Candidates]:
    """A completer of fixed values."""

    def complete_choices(incomplete: str) -> Candidates:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete_choices


def _words(ctx: typer.Context, incomplete: str) -> list[str]:
    from embcli.models.words import open_words
    from embcli.queries.expression import quote

    starts = [match.end() for match in BEFORE_WORD.finditer(incomplete)]
    start = starts[-1] if starts else 0
    # Twice as many, because some are left out.
    found = open_words(ctx.find_root().obj).prefix(incomplete[start:], 2 * LISTED_WORDS)
    fit = [word for word in found if word.isprintable() and not UNFIT.search(word) and quote(word) == word]
    return [incomplete[:start] + word for word in fit[:LISTED_WORDS]]


def _next_parts(names: Iterable[str], given: Iterable[str] | None, incomplete: str) -> Candidates:
    before = [*(given or ())]
    parts = [name.split() for name in names]
    after = [part[len(before)] for part in parts if part[: len(before)] == before and len(part) > len(before)]
    return [part for part in dict.fromkeys(after) if part.startswith(incomplete)]


def _with_files(names: Iterable[str], incomplete: str) -> Candidates:
    if _is_path(incomplete):
        return _files(incomplete)
    return [*(name for name in names if name.startswith(incomplete)), *_files(incomplete)]


def _is_path(text: str) -> bool:
    return text.startswith((".", "~")) or os.sep in text


def _files(incomplete: str) -> Candidates:
    return [(incomplete, FILES)]
