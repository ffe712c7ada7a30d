"""What queries report about the words of a question: what was used in their place, rare ones, skipped ones."""

from collections.abc import Sequence
from typing import Any

from embcli.results.queries import RareWord
from embcli.vectors.space import Resolution, VectorSpace


def reported(found: Resolution) -> dict[str, Any]:
    """The fields `resolved`, `rare` and `skipped` of the record of a question."""
    rare = tuple(RareWord(word, row, instead) for word, (row, instead) in found.rare.items())
    return {"resolved": found.resolved, "rare": rare or None, "skipped": found.skipped or None}


def resolve_pairs(space: VectorSpace, pairs: Sequence[tuple[str, str]], *, skip_unknown: bool) -> Resolution:
    """The rows of the words of pairs, one after the other; a pair with an unknown word is skipped as a whole."""
    found = space.resolve_all((word for pair in pairs for word in pair), skip_unknown=skip_unknown)
    if not found.skipped:
        return found
    unknown = set(found.skipped)
    whole = [pair for pair in pairs if not unknown & set(pair)]
    if not whole:
        return space.resolve_all(found.skipped)  # raises UnknownWord
    return space.resolve_all(word for pair in whole for word in pair)._replace(skipped=found.skipped)
