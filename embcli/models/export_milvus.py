"""Write a model to a new collection on a Milvus server, and verify what arrived."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from embcli.errors import InputOutputProblem, UsageProblem
from embcli.models.addresses import Address
from embcli.models.collections import FACTS, FLOAT_VECTOR, INT64, KEY, NORM, VARCHAR, VECTOR, WORD
from embcli.models.milvus import RemoteRows, Server
from embcli.search.local import SAFE_NORMS
from embcli.search.milvus import OPTION_OF_METRIC
from embcli.vectors.space import VectorSpace

if TYPE_CHECKING:
    from embcli.readers import ReportRows

# Bytes of vectors in a request, and rows; a Milvus server accepts 64 MiB.
BYTES_SENT_AT_ONCE, ROWS_SENT_AT_ONCE = 8 << 20, 5_000
# The longest word that a VARCHAR holds, in bytes.
LONGEST_VARCHAR = 65_535
# Rows that are read back and compared, bit for bit.
SAMPLED = 100
# Of a collection with more rows whose norms do not fit float32 arithmetic, the answers are not called exact.
MOST_UNFIT = 1_000
FLOAT = 10  # the number of the type in Milvus
SERVED = {name: metric for metric, name in OPTION_OF_METRIC.items()}


def export_to_milvus(
    space: VectorSpace,
    address: Address,
    *,
    metric: str = "cosine",
    force: bool = False,
    report: "ReportRows | None" = None,
) -> None:
    """Make a collection with the rows of a space: row, word, vector and norm, with a FLAT index for a metric.

    `force` drops a collection of that name. If the export fails or is interrupted, the new collection is dropped.
    Raises UsageProblem for a collection that exists, InputOutputProblem.
    """
    if metric not in SERVED:
        raise UsageProblem(f'unknown metric "{metric}"', f"use one of {', '.join(SERVED)}")
    if space.spelling is not None:
        raise UsageProblem(f"{space.name} has the tokens of a transformer", "export a model of word vectors")
    server = Server(address)
    if server.ask("has_collection", address.collection):
        if not force:
            raise UsageProblem(f"the collection {address} exists", "choose another name, or replace it with --force")
        server.ask("drop_collection", address.collection)
    try:
        _create(server, space, SERVED[metric])
        _insert(server, space, report or (lambda rows, share: None))
        server.ask("flush", address.collection, is_long=True)
        server.ask("load_collection", address.collection, is_long=True)
        _verify(server, space)
    except BaseException:  # also an interrupt by Ctrl-C
        _drop(server)
        raise


def _create(server: Server, space: VectorSpace, metric: str) -> None:
    client = server.client
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field(KEY, INT64, is_primary=True)
    schema.add_field(WORD, VARCHAR, max_length=LONGEST_VARCHAR)
    schema.add_field(VECTOR, FLOAT_VECTOR, dim=space.dim)
    schema.add_field(NORM, FLOAT)
    indexes = client.prepare_index_params()
    indexes.add_index(VECTOR, index_type="FLAT", metric_type=metric)
    indexes.add_index(WORD, index_type="INVERTED")
    facts = json.dumps(_facts(space))
    server.ask(
        "create_collection", server.address.collection, schema=schema, index_params=indexes, properties={FACTS: facts},
        is_long=True, repeat=False,
    )  # fmt: skip


def _facts(space: VectorSpace) -> dict[str, Any]:
    """What the vectors alone do not say, or only all of them."""
    norms = np.sort(space.norms)
    is_fit = (norms >= SAFE_NORMS[0]) & (norms <= SAFE_NORMS[1])
    unfit = np.flatnonzero((space.norms < SAFE_NORMS[0]) | (space.norms > SAFE_NORMS[1])).tolist()
    facts: dict[str, Any] = {"source": space.origin, "sorted_by_frequency": space.is_sorted_by_frequency}
    if len(unfit) <= MOST_UNFIT and is_fit.any():
        largest = float(np.nextafter(norms[is_fit][-1], np.float32(np.inf)))
        facts |= {"norms": [float(norms[0]), float(norms[len(norms) // 2]), largest], "unfit": unfit}
    return facts


def _insert(server: Server, space: VectorSpace, report: "ReportRows") -> None:
    size = max(1, min(ROWS_SENT_AT_ONCE, BYTES_SENT_AT_ONCE // (4 * space.dim)))
    for first in range(0, len(space), size):
        last = min(first + size, len(space))
        words = space.vocabulary[first:last]
        rows = [
            {KEY: row, WORD: word, VECTOR: vector, NORM: float(norm)}
            for row, word, vector, norm in zip(
                range(first, last), words, space.vectors[first:last], space.norms[first:last], strict=True
            )
        ]
        answer = server.ask("insert", server.address.collection, rows, is_long=True, repeat=False)
        if answer.get("insert_count") != len(rows):
            raise _incomplete(server, f"{answer.get('insert_count')} of {len(rows):,} rows were inserted")
        report(last, last / len(space))


def _verify(server: Server, space: VectorSpace) -> None:
    """Compare the number of rows, and some of them bit for bit. Raises InputOutputProblem."""
    rows = RemoteRows(server, KEY, WORD, VECTOR, are_keys_numbers=True)
    count = rows.count()
    if count != len(space):
        raise _incomplete(server, f"it has {count:,} rows instead of {len(space):,}")
    sample = np.unique(np.linspace(0, len(space) - 1, SAMPLED).astype(int)).tolist()
    found = {entity.row: entity for entity in rows.numbered(sample)}
    for row in sample:
        is_equal = row in found and found[row].vector.tobytes() == np.ascontiguousarray(space.vectors[row]).tobytes()
        if not is_equal or found[row].word != space.vocabulary[row]:
            raise _incomplete(server, f"row {row:,} is not as it was sent")


def _incomplete(server: Server, why: str) -> InputOutputProblem:
    return InputOutputProblem(f"the export to {server.address} is incomplete: {why}", "run the command again")


def _drop(server: Server) -> None:
    """Drop what was begun, if the server still answers."""
    try:
        server.ask("drop_collection", server.address.collection, repeat=False)
    except (InputOutputProblem, UsageProblem, KeyboardInterrupt):
        return
