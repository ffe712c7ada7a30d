"""The command that shows the tokens of a text."""

from functools import partial
from typing import TYPE_CHECKING

from embcli.cli import options
from embcli.cli.session import ask, load_transformers, output_format
from embcli.cli.topic import Topic, answer_each, read_text

if TYPE_CHECKING:
    from embcli.results.tokens import Tokens
    from embcli.transformer.model import Transformer
    from embcli.transformer.tokens import TokensQuestion


def tokens(
    text: options.TextArguments,
    model: options.SeveralModels = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Show the tokens that a transformer reads a text as.

    Example: embcli tokens "The capital of France is" -m smollm2
    """
    from embcli.transformer.tokens import TokensQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), text == ["-"]
    question = TokensQuestion("" if from_stdin else " ".join(text))
    opened = load_transformers(model, only_one=False)
    ask(TOKENS, opened, question, format_name, has_header=not no_header, from_stdin=from_stdin)


def _answer(model: "Transformer", question: "TokensQuestion") -> "Tokens":
    from embcli.transformer.tokens import answer

    return answer(model, question)


def _columns(_: "Transformer", question: "TokensQuestion") -> list[str]:
    from embcli.results.tokens import TextToken

    return ["token_id" if name == "id" else name for name in TextToken._fields]


TOKENS = Topic(read_text, partial(answer_each, _answer), _columns)
