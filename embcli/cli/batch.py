"""Batches: questions from stdin, one per line, answered in order with one record each.

A line is an expression (words, for `similarity`, `odd` and `lookup`) or a JSON object with the fields of the
command's question. The options of the command line apply to every line that does not set them. A question that
fails yields an error in its place, and the exit status is that of the first error.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from embcli.cli.fields import check_fields, field_types, read_object
from embcli.cli.output import OutputFormat, columns_of, fitted, status_of
from embcli.cli.session import note, report_lines, write
from embcli.cli.stdin import FULL_BLOCK, Line, Lines, blocks_of_lines
from embcli.cli.topic import Record, Topic, skipping
from embcli.errors import BadFile, EmbcliError, UsageProblem
from embcli.workers import Workers, processors

# The fields of a JSON question that are not those of the command's question: the caller's id, and the model.
OF_LINES: dict[str, tuple[type, ...]] = {"id": (str, int), "model": (str,)}
# The numbers of a model that full blocks ask. Larger models are asked in smaller blocks, so that workers share fewer
# questions, but blocks of at least so many lines: smaller matrix products are slow.
NUMBERS_OF_FULL_BLOCK, LEAST_FULL_BLOCK = 1 << 25, 128


class Asked(NamedTuple):
    """A question, or the error in its line, with the models that are to answer it, and the caller's id.

    models: names of opened models; an error has none.
    """

    line: Line
    question: Any
    models: tuple[str, ...] = ()
    id: str | int | None = None


class Answered(NamedTuple):
    """The answers to a block of lines as text, the status of the first error, and whether an `expect` missed.

    left_out: the parts of the answers that the format omits. errors: those that the format cannot show.
    """

    text: str
    status: int
    missed: bool
    left_out: frozenset[str]
    errors: tuple[str, ...]


class Batch:
    """Questions of a command, answered by one model or several, as text in a format.

    spaces: the models of the command line by name; None stands for no model. question: the options of the command line.
    """

    def __init__(self, topic: Topic, spaces: dict[str, Any], question: Any, output: OutputFormat) -> None:
        self.topic, self.question, self.output, self.spaces = topic, question, output, spaces
        self.models = tuple(spaces)
        types = field_types(type(question))
        self.types = {name: hint for name, hint in types.items() if name not in topic.unset} | OF_LINES
        self.columns = columns_of(topic.columns(spaces[self.models[0]], question)) if output.is_delimited else []

    def answer(self, asked: Sequence[Asked]) -> list[list[Record]]:
        """For each question its records or errors, one for each of its models, in their order."""
        answers: list[list[Record]] = [[one.question] if not one.models else [] for one in asked]
        for name in dict.fromkeys(name for one in asked for name in one.models):
            places = [i for i, one in enumerate(asked) if name in one.models]
            try:
                found = self.topic.answer(self._space(name), [asked[i].question for i in places])
            except EmbcliError as error:
                found = [error] * len(places)
            for i, record in zip(places, found, strict=True):
                answers[i].append(record)
        return answers

    def answer_lines(self, lines: Lines) -> Answered:
        """Answer some lines, in order."""
        asked = [self._read(line) for line in lines]
        status, missed, texts, left, errors = 0, False, [], set[str](), []
        for one, records in zip(asked, self.answer(asked), strict=True):
            fitting = [fitted(record, self.columns) for record in records]
            status = status or status_of(fitting)
            missed = missed or any(getattr(record, "missed", False) for record in fitting)
            left.update(name for record in fitting for name in self.output.left_out(record))
            place = {"line": one.line.number} | ({} if one.id is None else {"id": one.id})
            names = one.models if len(self.models) > 1 or one.models != self.models else ()
            texts.append(self.output.text_of(fitting, one.line.text, place, names, self.columns))
            if self.output.format_name == "words":
                errors += [f"line {one.line.number}: {e.message}" for e in fitting if isinstance(e, EmbcliError)]
        return Answered("".join(texts), status, missed, frozenset(left), tuple(errors))

    def lines_at_once(self) -> int:
        """The lines of a full block."""
        numbers = max((len(space) * space.dim for space in self.spaces.values() if self.topic.is_shared), default=0)
        wanted = FULL_BLOCK * NUMBERS_OF_FULL_BLOCK // max(1, numbers)
        return max(LEAST_FULL_BLOCK, min(FULL_BLOCK, wanted))

    def _space(self, name: str) -> Any:
        if name not in self.spaces:
            from embcli.models.open import open_space

            self.spaces[name] = open_space(name)
        return self.spaces[name]

    def _read(self, line: Line) -> Asked:
        identity = None
        try:
            if line.problem:
                raise BadFile(f"the question {line.problem}", "write one question per line, in UTF-8")
            if line.text.startswith("{"):
                given = read_object(line.text)
                identity = given["id"] if type(given.get("id")) in (str, int) else None
                fields = check_fields(given, self.types)
            else:
                fields = self.topic.read_line(line.text)
            model = fields.pop("model", None)
            fields.pop("id", None)
            required = next(iter(self.types))
            if not fields.get(required) and not fields.get("logits"):
                raise UsageProblem(f'the field "{required}" is missing', f"the fields are {', '.join(self.types)}")
            question = skipping(self.question._replace(**fields), len(self.models))
        except EmbcliError as error:
            return Asked(line, error, id=identity)
        return Asked(line, question, self.models if model is None else (model,), identity)


def run_batch(batch: Batch) -> int:
    """Answer the questions from stdin; returns the status of the first error, else 1 for a missed `expect`."""
    status = missed = 0
    header, left = batch.output.header(batch.columns), set[str]()
    for answered in _answers(batch, processors() if batch.topic.is_shared else 1):
        write(header + answered.text)
        header = ""
        status, missed = status or answered.status, missed or answered.missed
        left |= answered.left_out
        report_lines(answered.errors)
    for name in sorted(left):
        note(f"{batch.output.format_name} omits {name}; use --format jsonl")
    return status or int(missed)


def _answers(batch: Batch, count: int) -> Iterator[Answered]:
    """Answer stdin block by block; from the first full block on, `count` workers share the questions."""
    is_shared = False
    with Workers(batch.answer_lines, count) as workers:
        at_once = batch.lines_at_once()
        for block in blocks_of_lines(at_once):
            is_shared = is_shared or (count > 1 and len(block) == at_once)
            if block and not is_shared:
                yield batch.answer_lines(block)
                continue
            # An empty block means that more questions are awaited: all answers that are due come first.
            while workers.results_due and (workers.are_all_busy or not block):
                yield workers.take()
            if block:
                workers.give(block)
        while workers.results_due:
            yield workers.take()
