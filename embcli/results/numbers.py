"""Types of numbers in records, which determine their rounding in JSON."""

import struct
from typing import Annotated

DECIMALS = 6
DIGITS = 9


def _share(value: float) -> float:
    return round(value, DECIMALS)


def _length(value: float) -> float:
    return float(f"{value:.{DIGITS - 1}e}")


def _coordinate(value: float) -> float:
    """The shortest decimal that reads back to the same float32: 0.10000000149 becomes 0.1."""
    for digits in range(1 if abs(value) < 1e-37 else 6, 9):  # %g omits trailing zeros
        shorter = float(f"{value:.{digits}g}")
        if struct.pack("f", shorter) == struct.pack("f", value):
            return shorter
    return float(f"{value:.9g}")


def _as_is(value: float) -> float:
    return value


# A cosine, a probability, an angle or a share: 6 decimals.
Share = Annotated[float, _share]
# A dot product, a distance, a norm, a logit, a weight: 9 significant digits.
Length = Annotated[float, _length]
# A coordinate of a vector: the shortest decimal of its float32.
Coordinate = Annotated[float, _coordinate]
# A number as given, or rounded by its query, because the rounding depends on the metric.
Score = Annotated[float, _as_is]
