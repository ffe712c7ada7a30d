"""The vector that a question is about: that of an expression, or a given one, such as a NumPy array."""

from typing import TYPE_CHECKING, Any

import numpy as np

from embcli.errors import UsageProblem
from embcli.queries.expression import Expression, parse, spell
from embcli.queries.questions import GivenVector
from embcli.vectors.combinations import Combination
from embcli.vectors.space import VectorSpace

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

NUMBERS = "iuf"  # kinds of dtypes: integers and floating point


def as_asked(expression: "str | Expression | ArrayLike") -> str | Expression | GivenVector:
    """An expression as it is; anything else as a vector of float64. Raises UsageProblem if it does not hold numbers.

    as_asked("king"), as_asked([0.5, 1])  # ('king', GivenVector(numbers=array([0.5, 1. ])))
    """
    if isinstance(expression, str | Expression):
        return expression
    problem = "a question is an expression or a vector of numbers"
    try:
        array: np.ndarray[Any, Any] = np.asarray(expression)
    except (ValueError, TypeError):
        raise UsageProblem(f"{problem}, not {type(expression).__name__}", "give an array of one dimension") from None
    if array.dtype.kind not in NUMBERS:
        raise UsageProblem(f"{problem}, not an array of {array.dtype}", 'for example "king - man + woman"')
    return GivenVector(array.astype(np.float64))


def read(asked: str | Expression | GivenVector, *, triple: bool = False) -> Expression | GivenVector:
    """A question with its text parsed; see `parse`. Raises ExpressionSyntaxError."""
    return parse(asked, triple=triple) if isinstance(asked, str) else asked


def words_of(asked: Expression | GivenVector) -> tuple[str, ...]:
    """The words of an expression; a given vector has none."""
    return asked.words if isinstance(asked, Expression) else ()


def combine(space: VectorSpace, asked: Expression | GivenVector, *, unit: bool) -> Combination:
    """The vector of an expression (`VectorSpace.combine`), or a given one (`VectorSpace.combine_numbers`)."""
    if isinstance(asked, GivenVector):
        return space.combine_numbers(asked.numbers, unit=unit)
    return space.combine(asked.terms, unit=unit)


def describe(combined: Combination) -> str:
    """The expression as understood, with the words found; `vector of 50 numbers` for a given vector."""
    return spell(combined.terms) if combined.terms else f"vector of {len(combined.vector)} numbers"
