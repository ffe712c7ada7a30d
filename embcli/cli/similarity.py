"""The commands that compare given words: similarity and odd."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from embcli.cli import options
from embcli.cli.session import ask, load, output_format
from embcli.cli.stdin import read_words
from embcli.cli.topic import Fields, Topic, answer_each, read_words_of_line
from embcli.errors import UsageProblem

if TYPE_CHECKING:
    from embcli.models.open import StoredSpace
    from embcli.queries.questions import GroupsQuestion, SimilarityQuestion, WordsQuestion
    from embcli.results.similarity import GroupSimilarities, OddOneOut, Similarities


def similarity(
    words: options.ComparedWords,
    matrix: Annotated[bool, typer.Option("--matrix", help="Compare all words with each other.")] = False,
    groups: Annotated[
        bool, typer.Option("--groups", help="Average within and between groups: verb:walk,run noun:tower,house.")
    ] = False,
    skip_unknown: options.SkipUnknown = False,
    pieces: options.AveragePieces = None,
    model: options.SeveralModels = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Compare words by cosine, angle, dot product and distance.

    A B C compares A with each of the others; A:B C:D compares pairs.

    Example: embcli similarity king queen cabbage
    """
    from embcli.queries.arguments import join_quoted, refuse_signs
    from embcli.queries.questions import GroupsQuestion, SimilarityQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), words == ["-"]
    words = join_quoted(words)
    refuse_signs(words)
    if "-" in words and not from_stdin:
        raise UsageProblem('"-" reads questions from stdin and must stand alone', "for the word itself, write '\"-\"'")
    if groups and matrix:
        raise UsageProblem("--groups and --matrix are two answers", "remove one of them")
    given = () if from_stdin else tuple(words)
    question = GroupsQuestion(given, skip_unknown) if groups else SimilarityQuestion(given, skip_unknown, matrix)
    topic = SIMILARITY_OF_GROUPS if groups else SIMILARITY
    ask(topic, load(model, pieces), question, format_name, has_header=not no_header, from_stdin=from_stdin)


def odd(
    words: options.WordArguments,
    skip_unknown: options.SkipUnknown = False,
    pieces: options.AveragePieces = None,
    model: options.SeveralModels = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Find the word that does not belong with the others.

    Example: embcli odd breakfast cereal dinner lunch
    """
    from embcli.queries.questions import WordsQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), words == ["-"]
    question = WordsQuestion(() if from_stdin else tuple(read_words(words)), skip_unknown)
    ask(ODD, load(model, pieces), question, format_name, has_header=not no_header, from_stdin=from_stdin)


def _compare(space: "StoredSpace", question: "SimilarityQuestion") -> "Similarities":
    from embcli.queries.expression import unquote
    from embcli.queries.similarity import compare_all, compare_words, read_pairs

    if question.matrix:
        return compare_all(space, [unquote(word) for word in question.words], skip_unknown=question.skip_unknown)
    return compare_words(space, read_pairs(space, question.words), skip_unknown=question.skip_unknown)


def _compare_groups(space: "StoredSpace", question: "GroupsQuestion") -> "GroupSimilarities":
    from embcli.queries.arguments import parse_groups
    from embcli.queries.similarity import compare_groups

    return compare_groups(space, parse_groups(" ".join(question.words)), skip_unknown=question.skip_unknown)


def _find_odd_one(space: "StoredSpace", question: "WordsQuestion") -> "OddOneOut":
    from embcli.queries.similarity import find_odd_one

    return find_odd_one(space, question.words, skip_unknown=question.skip_unknown)


def _columns_of_similarity(_: "StoredSpace", __: "SimilarityQuestion") -> list[str]:
    from embcli.results.similarity import Similarity

    return [*Similarity._fields, "resolved"]


def _columns_of_groups(_: "StoredSpace", __: "GroupsQuestion") -> list[str]:
    from embcli.results.similarity import GroupCosines

    return [*GroupCosines._fields, "resolved"]


def _columns_of_odd(_: "StoredSpace", __: "WordsQuestion") -> list[str]:
    from embcli.results.similarity import Membership

    return [*Membership._fields, "odd", "resolved"]


def _read_compared(line: str) -> Fields:
    """Read a line as words or pairs; quotes are kept for `read_pairs`."""
    from embcli.queries.arguments import split_words

    return {"words": tuple(split_words(line))}


SIMILARITY = Topic(_read_compared, partial(answer_each, _compare), _columns_of_similarity)
SIMILARITY_OF_GROUPS = Topic(_read_compared, partial(answer_each, _compare_groups), _columns_of_groups)
ODD = Topic(read_words_of_line, partial(answer_each, _find_odd_one), _columns_of_odd)
