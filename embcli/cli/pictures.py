"""The pictures of other commands' records, each asked as that command asks, and what `plot` reads for its points."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from embcli.cli.session import load_model, load_one, load_transformers, use_one_blas_thread
from embcli.cli.stdin import read_pairs, read_words
from embcli.cli.topic import Topic
from embcli.errors import UsageProblem

if TYPE_CHECKING:
    from embcli.plot.question import Groups
    from embcli.queries.expression import Expression

# Each picture and the options that it uses, beside the words, the model and the format. The names are of parameters.
OF_WORDS = frozenset({"skip_unknown", "pieces"})
OPTIONS_OF = {
    "project": OF_WORDS,
    "softmax": OF_WORDS | {"temperature"},
    "heatmap": OF_WORDS,
    "pattern": {"focus", "layer", "head"},
    "layers": {"focus", "dictionary"},
}
POINTS = "points"
OF_POINTS = OF_WORDS | {
    "neighbors", "analogy", "k", "top", "groups", "file", "color_by", "arrows", "method", "fit", "axes", "oblique",
    "perplexity", "seed", "folder", "force",
}  # fmt: skip
OF_ALL = {"words", "model", "format_name", "as_json", "as_jsonl", "no_header", "output", "theme"}


class Request(NamedTuple):
    """A question with what answers it. model: None for given logits."""

    topic: Topic
    question: Any
    model: Any


def chosen(ctx: typer.Context) -> str:
    """The picture that the options choose, or POINTS. Raises UsageProblem for options without effect on it."""
    given = {
        str(parameter.name): parameter.opts[0]
        for parameter in ctx.command.params
        if getattr(ctx.get_parameter_source(str(parameter.name)), "name", "") == "COMMANDLINE"
    }
    pictures = [name for name in OPTIONS_OF if name in given]
    if len(pictures) > 1:
        raise UsageProblem(f"{' and '.join(given[name] for name in pictures)} are two pictures", "ask for one")
    picture = pictures[0] if pictures else POINTS
    used = OF_ALL | (OPTIONS_OF[picture] | {picture} if pictures else OF_POINTS)
    unused = [option for name, option in given.items() if name not in used]
    if unused and pictures:
        raise UsageProblem(f"{given[picture]} does not use {', '.join(unused)}", "remove it")
    if unused:
        of = [f"--{name}" for name in OPTIONS_OF if unused[0] in (given.get(one) for one in OPTIONS_OF[name])]
        raise UsageProblem(f"{unused[0]} has no effect on points", f"add {' or '.join(of)}, or remove it")
    return picture


def number_line(
    expression: str, words: list[str], models: list[str] | None, pieces: str | None, *, skip_unknown: bool
) -> Request:
    """The words of `project` on a line."""
    from embcli.cli.project import PROJECT
    from embcli.queries.questions import ProjectionQuestion

    question = ProjectionQuestion(_parse(expression), _named("--project", words), skip_unknown=skip_unknown)
    return Request(PROJECT, question, load_one(models, pieces))


def bars(
    source: str, words: list[str], temperatures: list[str], models: list[str] | None, pieces: str | None, *,
    skip_unknown: bool,
) -> Request:  # fmt: skip
    """The probabilities of `softmax`, of given logits or of words."""
    from embcli.cli.softmax import LOGIT, SOFTMAX
    from embcli.queries.questions import SoftmaxQuestion
    from embcli.queries.softmax import parse_logits, parse_temperatures

    given = tuple(parse_temperatures(temperatures))
    # Without words there is nothing but logits, of which `parse_logits` names the one that is misspelled.
    if LOGIT.fullmatch(source) or ("=" in source and not words):
        unused = {"words": words, "-m": models, "--pieces": pieces, "--skip-unknown": skip_unknown}
        if any(unused.values()):
            names = ", ".join(name for name, value in unused.items() if value)
            raise UsageProblem(f"logits exclude {names}", "remove the logits or the others")
        return Request(SOFTMAX, SoftmaxQuestion("", (), given, logits=parse_logits(source)), None)
    question = SoftmaxQuestion(_parse(source), _named("--softmax", words), given, skip_unknown=skip_unknown)
    return Request(SOFTMAX, question, load_one(models, pieces))


def heatmap(words: list[str], models: list[str] | None, pieces: str | None, *, skip_unknown: bool) -> Request:
    """The matrix of `similarity`."""
    from embcli.cli.similarity import SIMILARITY
    from embcli.queries.expression import quote
    from embcli.queries.questions import SimilarityQuestion

    question = SimilarityQuestion(tuple(map(quote, _named("--heatmap", words))), skip_unknown, matrix=True)
    return Request(SIMILARITY, question, load_one(models, pieces))


def pattern(
    texts: list[str], focus: str | None, layer: int | None, head: int | None, models: list[str] | None
) -> Request:
    """The pattern of `attend`, of one head."""
    use_one_blas_thread()
    from embcli.cli.attend import ATTEND
    from embcli.transformer.attend import AttendQuestion

    question = AttendQuestion(" ".join(texts), _focus("--pattern", texts, focus), layer, head)
    return Request(ATTEND, question, load_model(models))


def senses(texts: list[str], focus: str | None, dictionary: int | None, models: list[str] | None) -> Request:
    """The cosines of `context` at all layers."""
    from embcli.cli.context import CONTEXT
    from embcli.transformer.context import ContextQuestion

    question = ContextQuestion(tuple(texts), _focus("--layers", texts, focus))
    if dictionary is not None:
        question = question._replace(dictionary=dictionary)
    if len(texts) < 2:
        raise UsageProblem("--layers compares two texts or more", 'for example "American shrew mole" "a mole of gas"')
    return Request(CONTEXT, question, load_transformers(models)[0])


def read_named(
    words: list[str], groups: str | None, file: Path | None, column: str | None
) -> "tuple[tuple[str, ...], Groups]":
    """The words that are drawn without a group, and those of groups."""
    from embcli.cli.word_files import read_word_file
    from embcli.queries.arguments import parse_groups

    if column is not None and file is None:
        raise UsageProblem("--color-by names a column of --words FILE", "add --words FILE")
    named, grouped = read_words(words), parse_groups(groups) if groups is not None else []
    if file is not None:
        rows = read_word_file(file, column)
        named += [word for word, name in rows if not name]
        for group in dict.fromkeys(name for _, name in rows if name):
            grouped.append((group, tuple(word for word, name in rows if name == group)))
    return tuple(named), tuple(grouped)


def read_arrows(source: str | None, *, is_used: bool) -> tuple[tuple[str, str], ...]:
    """The pairs of words between which arrows are drawn."""
    from embcli.queries.arguments import parse_pairs

    return () if source is None else tuple(parse_pairs(read_pairs(source, is_used=is_used)))


def _named(option: str, words: list[str]) -> tuple[str, ...]:
    """The words of a picture. Raises UsageProblem if there are none."""
    if not words:
        raise UsageProblem(f"{option} needs words", "name some after it; - at the end reads them from stdin")
    return tuple(read_words(words))


def _focus(option: str, texts: list[str], focus: str | None) -> str:
    """The focus. Raises UsageProblem if it or the text is missing."""
    if not texts:
        raise UsageProblem(f"{option} needs a text", f'for example {option} "a biopsy of the mole" --focus mole')
    if focus is None:
        raise UsageProblem(f"{option} needs --focus", "name a word of the text, or #N for position N")
    return focus


def _parse(source: str) -> "Expression":
    from embcli.queries.arguments import join_arguments
    from embcli.queries.expression import parse

    return parse(join_arguments([source]))
