"""The records of `shapes`."""

from typing import NamedTuple

from embcli.results.display import displayed
from embcli.results.model_card import ModelCard
from embcli.results.numbers import Share


class ShapesQuery(NamedTuple):
    """What is counted. leaves_out: what the count omits, in words."""

    name: str
    family: str
    batch: int
    sequence: int
    leaves_out: str | None = None


class Matrix(NamedTuple):
    """Matrices of one kind: rows × columns, how many there are, their parameters in all, and their share of all."""

    name: str
    rows: int
    columns: int
    count: int  # type: ignore[assignment]  # `tuple.count` is of no use here
    parameters: int
    share: Share
    part: str


class Product(NamedTuple):
    """The shapes of a product for one sequence and for a batch."""

    product: str
    sequence: tuple[int, ...]
    batch: tuple[int, ...]


@displayed
class Shapes(NamedTuple):
    """The record of `shapes`. parameters: in all; per_head, per_block: of one attention head, of one block."""

    schema: str
    model: ModelCard | None
    query: ShapesQuery
    results: tuple[Matrix, ...]
    parameters: int
    per_head: int
    per_block: int
    products: tuple[Product, ...]
