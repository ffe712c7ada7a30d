"""The commands that compare given words: similarity and odd."""

from embcli.cli import options
from embcli.cli.session import load, output_format, show
from embcli.cli.stdin import read_words
from embcli.errors import UsageProblem
from embcli.queries.expression import unquote


def similarity(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Compare words by cosine, angle, dot product and distance.

    A B C compares A with each of the others; A:B C:D compares pairs.
    """
    from embcli.queries.similarity import compare_words, read_pairs

    format_name = output_format(form, as_json, as_jsonl)
    if len(words) > 1 and "-" in words:
        raise UsageProblem('"-" stands for questions from stdin, and stands alone', "the word itself is '\"-\"'")
    space = load(model)
    if words == ["-"]:
        from embcli.cli.batch import answer_stdin, read_words_of_line

        columns = ["a", "b", "cosine", "angle", "dot", "euclidean", "sign", "resolved"]
        kinds = {"words": list}
        ask_one = lambda fields: compare_words(space, read_pairs(space, fields["words"]))  # noqa: E731
        answer_stdin({}, kinds, read_words_of_line, ask_one, columns, format_name)
    show(compare_words(space, read_pairs(space, words)), format_name)


def odd(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Find the word that does not belong with the others."""
    from embcli.queries.similarity import find_odd_one

    format_name = output_format(form, as_json, as_jsonl)
    space = load(model)
    if words == ["-"]:
        from embcli.cli.batch import answer_stdin, read_words_of_line

        ask_one = lambda fields: find_odd_one(space, [unquote(word) for word in fields["words"]])  # noqa: E731
        columns = ["word", "score", "odd", "resolved"]
        answer_stdin({}, {"words": list}, read_words_of_line, ask_one, columns, format_name)
    show(find_odd_one(space, read_words(words)), format_name)
