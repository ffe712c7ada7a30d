"""What a command asks and how: the functions that read and answer its questions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from embcli.errors import EmbcliError, InputOutputProblem

if TYPE_CHECKING:
    from embcli.models.open import StoredSpace

Fields = dict[str, Any]  # of a question
Record = Any  # an answer, or an EmbcliError


class Topic(NamedTuple):
    """The functions of a command that read and answer its questions, and the columns of its answers.

    read_line: the fields of a plain line. answer: one record or error per question, in order. columns: those of CSV,
    TSV and Markdown, for a question with the options of the command line. unset: fields that a line may not set.
    is_shared: whether workers may share many questions. All fields can be pickled.
    """

    read_line: Callable[[str], Fields]
    answer: Callable[[Any, Sequence[Any]], Iterable[Record]]
    columns: Callable[[Any, Any], Sequence[str]]
    unset: tuple[str, ...] = ()
    is_shared: bool = False


def skipping(question: Any, models: int) -> Any:
    """The question; each of several models skips the words that it does not know, and reports them."""
    if models > 1 and "skip_unknown" in question._fields and getattr(question, "among", ()) is not None:
        return question._replace(skip_unknown=True)
    return question


def answer_each(
    answer: Callable[[Any, Any], Record], space: "StoredSpace | None", questions: Sequence[Any]
) -> Iterator[Record]:
    """Answer questions one by one, where they share no work."""
    for question in questions:
        try:
            yield answer(space, question)
        except EmbcliError as error:
            if isinstance(error, InputOutputProblem) and space is not None and space.is_remote:
                raise  # other questions would wait for the server, too
            yield error


def read_expression(line: str) -> Fields:
    """Read a line as an expression; several plain words are a phrase, as on the command line."""
    from embcli.queries.arguments import join_arguments

    return {"expression": join_arguments([line])}


def read_text(line: str) -> Fields:
    """Read a line as a text."""
    return {"text": line}


def read_words_of_line(line: str) -> Fields:
    """Read a line as words separated by spaces; words that contain spaces are quoted."""
    from embcli.queries.arguments import split_words
    from embcli.queries.expression import unquote

    return {"words": tuple(map(unquote, split_words(line)))}
