"""The words of a question: expressions among them, and what is reported: resolved, rare and skipped words."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from embcli.errors import ExpressionSyntaxError, UnknownWord
from embcli.queries.expression import parse, spell
from embcli.results.words import RareWord
from embcli.vectors.combinations import Resolution
from embcli.vectors.space import VectorSpace

# What an expression has and a word rarely: a free-standing sign, a weight, a division, parentheses.
OPERATOR = r"(?:^|\s)[+\u2212\u2013\u2014-]\s|\*|\s/\s|[()]"


def resolve_words(space: VectorSpace, texts: Iterable[str], *, skip_unknown: bool = False) -> Resolution:
    """The rows of words, and of expressions of plain vectors such as `aunt - uncle`.

    A word of the vocabulary is never read as an expression. Raises UnknownWord for all unknown words, or only if
    nothing is left with `skip_unknown`; ExpressionSyntaxError.
    """
    found = Resolution([], (), {}, {}, () if skip_unknown else None)
    unknown: list[tuple[str, UnknownWord]] = []
    for text in texts:
        try:
            found = found.joined(_resolve(space, text))
        except UnknownWord as error:
            unknown.append((text, error))
    if unknown and not (skip_unknown and found.rows):
        raise UnknownWord.joined([error for _, error in unknown])
    if skip_unknown:
        found = found._replace(skipped=tuple(dict.fromkeys(text for text, _ in unknown)))
    return found


def split_at_commas(space: VectorSpace, texts: Iterable[str]) -> list[str]:
    """Words as typed, with unknown ones such as `puppy,puppies` and `cereal,` split at their commas."""
    words = []
    for text in texts:
        is_word = "," not in text or space.vocabulary.find(text) is not None
        words += [text] if is_word else [part.strip() for part in text.split(",") if part.strip()] or [text]
    return words


def _resolve(space: VectorSpace, text: str) -> Resolution:
    if not re.search(OPERATOR, text) or space.vocabulary.find(text) is not None:
        return space.resolve_all([text])
    try:
        combined = space.combine(parse(text).terms, unit=False)
    except (ExpressionSyntaxError, UnknownWord):
        if len(text.split()) > 1:
            raise
        return space.resolve_all([text])  # `2*x` and `(` without blanks are unknown words
    row = space.add_expression(spell(combined.terms), combined.vector)
    return combined.found._replace(rows=[row], words=(text,))


def resolve_pairs(space: VectorSpace, pairs: Sequence[tuple[str, str]], *, skip_unknown: bool) -> Resolution:
    """The rows of the words of pairs, one after the other; a pair with an unknown word is skipped as a whole."""
    found = resolve_words(space, (word for pair in pairs for word in pair), skip_unknown=skip_unknown)
    if not found.skipped:
        return found
    unknown = set(found.skipped)
    whole = [pair for pair in pairs if not unknown & set(pair)]
    if not whole:
        return resolve_words(space, found.skipped)  # raises UnknownWord
    return resolve_words(space, (word for pair in whole for word in pair))._replace(skipped=found.skipped)


def reported(found: Resolution) -> dict[str, Any]:
    """The fields `resolved`, `rare` and `skipped` of the record of a question."""
    rare = tuple(RareWord(word, row, instead) for word, (row, instead) in found.rare.items())
    return {"resolved": found.resolved, "rare": rare or None, "skipped": found.skipped or None}
