"""Errors for users: message, hint, stable code, exit status.

The core raises them and never prints; `cli/` prints them as one line on stderr, or as one JSON object with a JSON
format.
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class EmbcliError(Exception):
    """An error that a user can understand and correct.

    message: what is wrong, and where. hint: how to fix it.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "", suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.suggestions = tuple(suggestions)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle all fields, independent of the signature of the class."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[EmbcliError], arguments: tuple[Any, ...], fields: dict[str, Any]) -> EmbcliError:
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(fields)
    return error


class UsageProblem(EmbcliError):
    """The command line or the arguments of a function are invalid."""

    code = "usage"


class ExpressionSyntaxError(UsageProblem):
    """An expression cannot be parsed. position: the offset of the error in `source`."""

    code = "syntax"

    def __init__(self, message: str, source: str, position: int, hint: str = "") -> None:
        super().__init__(f"{message} (column {position + 1})", hint)
        self.source = source
        self.position = position


class BadFile(EmbcliError):
    """An input file is broken, or not in the expected format."""

    code = "bad_file"


class UnknownWord(EmbcliError):
    """A word is not in the vocabulary."""

    code = "unknown_word"
    exit_status = 3

    def __init__(self, word: str, suggestions: Sequence[str] = (), model: str = "") -> None:
        super().__init__(
            f'"{word}" is not in the vocabulary' + (f" of {model}" if model else ""),
            f"did you mean {', '.join(suggestions)}?" if suggestions else "no similar word found",
            suggestions,
        )
        self.word = word

    @classmethod
    def joined(cls, errors: "Sequence[UnknownWord]") -> "UnknownWord":
        """One error for all unknown words of a question, each with its suggestions."""
        different = {error.word: error for error in errors}
        first, *others = different.values()
        if not others:
            return first
        _, _, where = first.message.rpartition('" is not ')
        names = [f'"{word}"' for word in different]
        first.message = f"{', '.join(names[:-1])} and {names[-1]} are not {where}"
        meant = [
            f'{", ".join(error.suggestions)} for "{word}"' for word, error in different.items() if error.suggestions
        ]
        first.hint = f"did you mean {'; '.join(meant)}?" if meant else first.hint
        first.suggestions = tuple(word for error in different.values() for word in error.suggestions)
        return first


class UnknownModel(EmbcliError):
    """A model is neither installed nor in the catalogue."""

    code = "unknown_model"
    exit_status = 3


class InputOutputProblem(EmbcliError):
    """Input or output failed: a missing file, a full disk, no network."""

    code = "io"
    exit_status = 4


class DamagedStore(EmbcliError):
    """A store is truncated, altered, or not a store of embcli."""

    code = "damaged_store"
    exit_status = 5
