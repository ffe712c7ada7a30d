"""The command that reads rows of the embedding matrix."""

from embcli.cli import options
from embcli.cli.session import load, output_format, show
from embcli.cli.stdin import read_words
from embcli.queries.expression import unquote


def lookup(
    words: options.Words,
    model: options.Model = None,
    form: options.Format = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
) -> None:
    """Read the rows of words in the embedding matrix."""
    from embcli.queries.lookup import look_up

    format_name = output_format(form, as_json, as_jsonl)
    space = load(model)
    if words == ["-"]:
        from embcli.cli.batch import answer_stdin, read_words_of_line

        ask_one = lambda fields: look_up(space, [unquote(word) for word in fields["words"]])  # noqa: E731
        columns = ["word", "row", "frequency_rank", "norm", *(f"vector_{i}" for i in range(space.dim)), "resolved"]
        answer_stdin({}, {"words": list}, read_words_of_line, ask_one, columns, format_name)
    show(look_up(space, read_words(words)), format_name)
