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

    def __str__(self) -> str:
        return self.message  # of a KeyError, Python would print the quoted message

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]
        """The hint, which Python prints below the message at the end of a traceback."""
        return [self.hint] if self.hint else []

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


class UnknownWord(EmbcliError, KeyError):
    """One or more words are not in the vocabulary. unknown: each with its suggestions; word: the first one.

    A KeyError, too, as for the missing key of a dictionary. expression: the word with spaces around its signs, if its
    parts are known: king-man as king - man. pieces: the tokens of a word that is not one token of a transformer.
    """

    code = "unknown_word"
    exit_status = 3

    def __init__(
        self,
        word: str,
        suggestions: Sequence[str] = (),
        model: str = "",
        expression: str = "",
        pieces: Sequence[str] = (),
    ) -> None:
        super().__init__("")
        self.model = model
        self.pieces = {word: tuple(pieces)} if pieces else {}
        self.expression = expression
        self.unknown = {word: tuple(suggestions)}
        self._describe()

    @classmethod
    def joined(cls, errors: "Sequence[UnknownWord]") -> "UnknownWord":
        """One error for all unknown words of a question."""
        first, *others = errors
        for error in others:
            first.unknown |= error.unknown
            first.pieces |= error.pieces
            first.expression = first.expression or error.expression
        first._describe()
        return first

    def _describe(self) -> None:
        *before, last = (f'"{word}"' for word in self.unknown)
        names = f"{', '.join(before)} and {last} are" if before else f"{last} is"
        self.word = next(iter(self.unknown))
        self.message = f"{names} not in the vocabulary" + (f" of {self.model}" if self.model else "")
        self.suggestions = tuple(word for suggested in self.unknown.values() for word in suggested)
        meant = [
            ", ".join(suggested) + (f' for "{word}"' if before else "")
            for word, suggested in self.unknown.items()
            if suggested
        ]
        self.hint = f"did you mean {'; '.join(meant)}?" if meant else "no similar word found"
        if self.pieces:
            several = [f'"{word}" is {" + ".join(map(repr, parts))}' for word, parts in self.pieces.items()]
            self.hint = f"several tokens: {', '.join(several)}; --pieces mean averages them"
        if self.expression:
            spaced = f"put spaces around + and -: {self.expression}"
            self.hint = f"{self.hint} Or {spaced}" if meant else spaced
        self.args = (self.message,)


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
