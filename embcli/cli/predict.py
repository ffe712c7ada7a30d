"""The command that predicts the next token of a text."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from embcli.cli import options
from embcli.cli.output_file import output_file
from embcli.cli.session import ask, load_transformers, output_format, use_one_blas_thread, write
from embcli.cli.topic import Topic, answer_each, read_text

if TYPE_CHECKING:
    from embcli.results.predict import Prediction
    from embcli.transformer.model import Transformer
    from embcli.transformer.predict import PredictQuestion


def predict(
    text: options.TextArguments,
    temperature: options.Temperatures = None,
    k: options.Count = 10,
    candidates: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Show these tokens, with their ranks.", show_default=False),
    ] = None,
    lens: Annotated[bool, typer.Option("--lens", help="Show what each layer would predict (the logit lens).")] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Draw N continuations of the text.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="S", help="With --sample: the seed.  [default: 0]", show_default=False)
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="M", help="With --sample: tokens of a continuation.  [default: 20]", show_default=False
        ),
    ] = None,
    truncate: options.Truncate = False,
    model: options.SeveralModels = None,
    format_name: options.FormatOfAnswers = None,
    as_json: options.Json = False,
    as_jsonl: options.JsonLines = False,
    no_header: options.NoHeader = False,
) -> None:
    """Predict the next token of a text, or the one at its [MASK].

    Example: embcli predict "The capital of France is" -m smollm2
    """
    if sample is None:
        use_one_blas_thread()
    from embcli.errors import UsageProblem
    from embcli.queries.softmax import parse_temperatures
    from embcli.transformer.predict import PredictQuestion

    format_name, from_stdin = output_format(format_name, as_json, as_jsonl, no_header), text == ["-"]
    unused = [name for name, value in (("--seed", seed), ("--tokens", tokens)) if value is not None and sample is None]
    if unused:
        raise UsageProblem(f"{' and '.join(unused)} without --sample has no effect", "add --sample 1, or remove it")
    if model and len(model) > 1 and (lens or sample) and format_name not in ("json", "jsonl"):
        raise UsageProblem("--lens and --sample show one model", "name one model, or use --json")
    wanted = tuple(word.strip() for word in candidates.split(",") if word.strip()) if candidates is not None else None
    if wanted == ():
        raise UsageProblem("--candidates names no token", "for example --candidates Paris,Rome")
    question = PredictQuestion(
        "" if from_stdin else " ".join(text),
        tuple(parse_temperatures(temperature or ["1"])),
        k, wanted, lens, sample, seed or 0, tokens or 20, truncate,
    )  # fmt: skip
    topic = PREDICT
    aloud = format_name in (None, "table") and not from_stdin and output_file() is None
    if sample and aloud and sys.stdout.isatty():
        topic = topic._replace(answer=partial(answer_each, _answer_aloud))
    ask(
        topic,
        load_transformers(model, only_one=False),
        question,
        format_name,
        has_header=not no_header,
        from_stdin=from_stdin,
    )


def _answer(model: "Transformer", question: "PredictQuestion") -> "Prediction":
    from embcli.transformer.predict import answer

    return answer(model, question)


def _answer_aloud(model: "Transformer", question: "PredictQuestion") -> "Prediction":
    """Answer, and write samples as they are drawn."""
    from embcli.render.printable import printable
    from embcli.transformer.predict import answer

    heard: list[int] = []

    def hear(number: int, text: str) -> None:
        if number not in heard:
            heard.append(number)
            write(("\n\n" if number else "") + printable(question.text))
        write("".join(piece if piece == "\n" else printable(piece) for piece in text))

    found = answer(model, question, hear)
    write("\n\n")
    return found._replace(samples=None)


def _columns(_: "Transformer", question: "PredictQuestion") -> list[str]:
    from embcli.results.predict import Predicted

    plain = ["token_id" if name == "id" else name for name in Predicted._fields if name != "probabilities"]
    names = [f"T{repr(temperature).removesuffix('.0')}" for temperature in question.temperatures]
    return [*plain, *(f"{column}_{name}" for column in ("probability", "entropy") for name in names)]


PREDICT = Topic(read_text, partial(answer_each, _answer), _columns)
