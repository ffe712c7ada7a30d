"""What completes the values of options and arguments: words, models, names of the catalogue, files.

A completer takes a Typer context, whose `obj` is the model named on the command line, and the text before the cursor.
It returns candidates that begin with that text. Errors are caught in `completion.py`. Completers are found by the names
of parameters, because Typer would inspect those that are named in options at each start.
"""

import os
import re
from collections.abc import Callable, Iterable

import typer

Candidates = list[str | tuple[str, str]]
Completer = Callable[[typer.Context, str], Candidates]

# The description of a candidate that stands for the names of files; Typer lets completers return texts only.
FILES = "\tfiles"
# Words that are listed at most: fewer than the hundred at which shells ask whether to list all.
LISTED_WORDS = 30
# Characters that begin a new word: in an expression, in pairs A:B, and in lists a,b.
BEFORE_WORD = r"[\s(*:,]"
# A word with one of these is left out: it would be read as something else, or a shell cannot quote it everywhere.
UNFIT = r"""[\s()*:,"\\!`?]|^[-+=]"""


def complete_words(ctx: typer.Context, incomplete: str) -> Candidates:
    """Words of the model, the most frequent first; in an expression, a pair or a list, the last word is completed."""
    return [*_words(ctx, incomplete)]


def complete_words_or_files(ctx: typer.Context, incomplete: str) -> Candidates:
    """Words; files where the text is a path, or begins no word."""
    if _is_path(incomplete):
        return _files(incomplete)
    return [*_words(ctx, incomplete)] or _files(incomplete)


def complete_files(_: typer.Context, incomplete: str) -> Candidates:
    """Names of files and folders."""
    return _files(incomplete)


def complete_models(_: typer.Context, incomplete: str) -> Candidates:
    """Installed models, and files: a model can be named by the path of its file."""
    from embcli.models.names import installed_names

    return _with_files(installed_names(), incomplete)


def complete_model_names(_: typer.Context, incomplete: str) -> Candidates:
    """Installed models."""
    from embcli.models.names import installed_names

    return [name for name in installed_names() if name.startswith(incomplete)]


def complete_sources(_: typer.Context, incomplete: str) -> Candidates:
    """Models of gensim's catalogue, and files."""
    from embcli.models.catalogue import catalog

    return _with_files([entry.name for entry in catalog().results], incomplete)


def complete_shapes(_: typer.Context, incomplete: str) -> Candidates:
    """Well-known transformers, installed models, and files."""
    from embcli.models.names import installed_names
    from embcli.transformer.shapes import KNOWN

    return _with_files([*KNOWN, *installed_names()], incomplete)


def complete_demos(_: typer.Context, incomplete: str) -> Candidates:
    """Demos, and files."""
    from embcli.cli.player import list_demos

    return _with_files([demo.name for demo in list_demos().results], incomplete)


def complete_schemas(ctx: typer.Context, incomplete: str) -> Candidates:
    """Commands that have a schema; the second word of `models info` after the first."""
    from embcli.results.schemas import schema_names

    return _next_parts(schema_names(), ctx.params.get("command"), incomplete)


def complete_commands(ctx: typer.Context, incomplete: str) -> Candidates:
    """Commands, and the commands of a group after its name."""
    from embcli.cli.main import command_names

    return _next_parts(command_names(), ctx.params.get("command"), incomplete)


def complete_shells(_: typer.Context, incomplete: str) -> Candidates:
    """The shells that have a script."""
    return [shell for shell in ("bash", "zsh", "fish") if shell.startswith(incomplete)]


def complete_methods(_: typer.Context, incomplete: str) -> Candidates:
    """The methods of `evaluate analogies`."""
    from embcli.cli.evaluate import METHODS

    return [method for method in METHODS if method.startswith(incomplete)]


def complete_themes(_: typer.Context, incomplete: str) -> Candidates:
    """The colours of the files of `-o`."""
    from embcli.cli.output_file import THEME_NAMES

    return [theme for theme in THEME_NAMES if theme.startswith(incomplete)]


def completer_of(command: str, parameter: str) -> Completer | None:
    """The completer of a parameter of a command; None where its type says what completes it, such as choices.

    completer_of("models info", "name")  # complete_models
    """
    return COMPLETERS.get(f"{command} {parameter}") or COMPLETERS.get(parameter)


def _words(ctx: typer.Context, incomplete: str) -> list[str]:
    from embcli.models.words import open_words
    from embcli.queries.expression import quote

    starts = [match.end() for match in re.finditer(BEFORE_WORD, incomplete)]
    start = starts[-1] if starts else 0
    # Twice as many, because some are left out.
    found = open_words(ctx.find_root().obj).prefix(incomplete[start:], 2 * LISTED_WORDS)
    fit = [word for word in found if word.isprintable() and not re.search(UNFIT, word) and quote(word) == word]
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


# By the name of a parameter, or by the command and the name.
COMPLETERS: dict[str, Completer] = {
    "expression": complete_words,
    "words": complete_words,
    "expect": complete_words,
    "pairs": complete_words,
    "among": complete_words_or_files,
    "model": complete_models,
    "names": complete_models,
    "name": complete_models,
    "like": complete_models,
    "shapes name": complete_shapes,
    "demo name": complete_demos,
    "vectors": complete_files,
    "file": complete_files,
    "details": complete_files,
    "output": complete_files,
    "theme": complete_themes,
    "plot neighbors": complete_words,
    "plot analogy": complete_words,
    "plot groups": complete_words,
    "plot arrows": complete_words_or_files,
    "plot axes": complete_words,
    "plot project": complete_words,
    "plot softmax": complete_words,
    "plot focus": complete_words,
    "plot folder": complete_files,
    "install_completion": complete_shells,
    "show_completion": complete_shells,
    "evaluate analogies method": complete_methods,
    "models add source": complete_sources,
    "models add words": complete_files,
    "models add name": complete_model_names,
    "schema command": complete_schemas,
    "help command": complete_commands,
}
