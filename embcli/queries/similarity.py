"""Compare given words by cosine, angle, dot product and distance; find the word that does not belong.

The sign of the dot product a · b = ‖a‖ ‖b‖ cos(angle): positive for similar directions (an angle below
90°), zero for perpendicular ones, negative for opposite ones.
"""

import math
from collections.abc import Sequence
from itertools import combinations, product

import numpy as np

from embcli.errors import UsageProblem
from embcli.queries.arguments import parse_pairs
from embcli.queries.expression import unquote
from embcli.queries.words import reported, resolve_pairs, resolve_words, split_at_commas
from embcli.results.model_card import ModelCard
from embcli.results.similarity import (
    CosineMatrix,
    GroupCosines,
    GroupSimilarities,
    Membership,
    OddOneOut,
    Similarities,
    Similarity,
)
from embcli.results.words import WordsQuery
from embcli.search.scores import cosines
from embcli.vectors.arithmetic import (
    NO_STEP,
    Float64Array,
    dot_products,
    lengths,
    round_cosines,
    unit_cosines,
    unit_rows,
    weighted_sum,
)
from embcli.vectors.combinations import Resolution
from embcli.vectors.space import VectorSpace


def compare_words(space: VectorSpace, pairs: Sequence[tuple[str, str]], *, skip_unknown: bool = False) -> Similarities:
    """Cosine, angle in degrees, dot product and Euclidean distance of each pair of words. Raises UnknownWord.

    compare_words(glove, [("king", "queen")]).results[0].angle  # 38.3805…
    """
    if not pairs:
        raise UsageProblem("there are no words to compare", "for example king queen, or king:queen man:woman")
    found = resolve_pairs(space, pairs, skip_unknown=skip_unknown)
    rows = found.rows
    results = []
    for i in range(0, len(rows), 2):
        a, b = space.float64(rows[i : i + 2])
        words = space.word(rows[i]), space.word(rows[i + 1])
        results.append(_compare(*words, a, b))
    return Similarities(
        schema="embcli.similarity/1",
        model=ModelCard.of(space),
        query=WordsQuery(tuple(word for pair in pairs for word in pair), **reported(found)),
        results=tuple(results),
    )


def compare_all(space: VectorSpace, words: Sequence[str], *, skip_unknown: bool = False) -> Similarities:
    """Each pair of some words compared, and the matrix of their cosines. Raises UnknownWord.

    compare_all(glove, ["king", "queen"]).matrix.cosines  # ((1.0, 0.783904…), (0.783904…, 1.0))
    """
    words = split_at_commas(space, words)
    found = resolve_words(space, words, skip_unknown=skip_unknown)
    rows = list(dict.fromkeys(found.rows))
    if len(rows) < 2:
        raise UsageProblem(f"a matrix requires two different words{_without(found)}", "for example king queen woman")
    vectors = space.float64(rows)
    units, labels = unit_rows(vectors), tuple(space.word(row) for row in rows)
    pairs = [(i, j) for i in range(len(rows)) for j in range(i + 1, len(rows))]
    matrix = tuple(tuple(unit_cosines(units, unit).tolist()) for unit in units)
    return Similarities(
        schema="embcli.similarity/1",
        model=ModelCard.of(space),
        query=WordsQuery(tuple(words), **reported(found)),
        results=tuple(_compare(labels[i], labels[j], vectors[i], vectors[j]) for i, j in pairs),
        matrix=CosineMatrix(labels, matrix),
    )


def compare_groups(
    space: VectorSpace, groups: Sequence[tuple[str, Sequence[str]]], *, skip_unknown: bool = False
) -> GroupSimilarities:
    """The mean, the least and the greatest cosine of the pairs of words within each group, and between two groups.

    If the words of a group belong together, the cosines within it are higher than those with other groups. A word in
    both groups is not compared with itself. Raises UnknownWord; UsageProblem for groups without a pair of words.

        compare_groups(glove, [("verb", ["walk", "run"]), ("noun", ["tower", "house"])]).results[0].mean  # 0.711632…
    """
    words = [word for _, members in groups for word in members]
    names = [name for name, _ in groups]
    if len(set(names)) < len(names):
        raise UsageProblem("two groups have the same name", "give each group a name of its own")
    found = resolve_words(space, words, skip_unknown=skip_unknown)
    known = dict(zip(found.words, found.rows, strict=True))
    rows = [list(dict.fromkeys(known[word] for word in members if word in known)) for _, members in groups]
    places = [(i, i) for i in range(len(rows))] + [(i, j) for i in range(len(rows)) for j in range(i + 1, len(rows))]
    results = []
    for i, j in places:
        both = combinations(rows[i], 2) if i == j else product(rows[i], rows[j])
        pairs = list(dict.fromkeys((min(pair), max(pair)) for pair in both if pair[0] != pair[1]))
        if pairs:
            units = unit_rows(space.float64([row for pair in pairs for row in pair]))
            values = unit_cosines(units[::2], units[1::2])
            mean = float(weighted_sum(values[:, None], np.full(len(pairs), 1 / len(pairs)))[0])
            results.append(GroupCosines(names[i], names[j], len(pairs), mean, float(values.min()), float(values.max())))
    if not results:
        raise UsageProblem(f"the groups have no pair of words{_without(found)}", "name two words or more in a group")
    return GroupSimilarities(
        schema="embcli.similarity-groups/1",
        model=ModelCard.of(space),
        query=WordsQuery(tuple(f"{name}:{','.join(members)}" for name, members in groups), **reported(found)),
        results=tuple(results),
    )


def read_pairs(space: VectorSpace, arguments: Sequence[str]) -> list[tuple[str, str]]:
    """`A B C` compares A with each of the others, `A:B C:D` compares pairs. A word such as 10:30 remains a word."""
    is_pair = [
        ":" in argument.strip(":") and unquote(argument) == argument and argument not in space.vocabulary
        for argument in arguments
    ]
    if all(is_pair):
        return [pair for argument in arguments for pair in parse_pairs(argument)]
    if any(is_pair):
        raise UsageProblem("words and pairs cannot be mixed", "give A B C, or A:B A:C")
    first, *others = split_at_commas(space, map(unquote, arguments))
    if not others:
        raise UsageProblem(f'"{first}" alone cannot be compared', "name another word")
    return [(first, other) for other in others]


def find_odd_one(space: VectorSpace, words: Sequence[str], *, skip_unknown: bool = False) -> OddOneOut:
    """The word that belongs least: it has the lowest cosine with the mean of the unit vectors of all words.

    The same as gensim's `doesnt_match`. Raises UnknownWord; UsageProblem for fewer than three different words.

        find_odd_one(glove, ["breakfast", "cereal", "dinner", "lunch"]).odd  # 'cereal'
    """
    words = split_at_commas(space, words)
    found = resolve_words(space, words, skip_unknown=skip_unknown)
    rows = list(dict.fromkeys(found.rows))
    if len(rows) < 3:
        raise UsageProblem(
            f"odd requires at least three different words{_without(found)}", "for example breakfast cereal dinner lunch"
        )
    mean = weighted_sum(unit_rows(space.float64(rows)), np.full(len(rows), 1 / len(rows)))
    if not lengths(mean[None])[0] > NO_STEP:
        raise UsageProblem("the mean of these vectors is zero, so no word is odd", "remove or add a word")
    scores = round_cosines(cosines(space, mean, np.array(rows)))
    order = np.lexsort((np.array(rows), -scores))
    results = tuple(Membership(space.word(rows[i]), float(scores[i])) for i in order)
    return OddOneOut(
        schema="embcli.odd/1",
        model=ModelCard.of(space),
        query=WordsQuery(tuple(words), **reported(found)),
        results=results,
        odd=results[-1].word,
    )


def angle_between(a: Float64Array, b: Float64Array) -> float:
    """The angle in degrees, 2 atan2(‖â - b̂‖, ‖â + b̂‖), which is accurate near 0° and 180°, where arccos is not.

    Kahan, How Futile are Mindless Assessments of Roundoff, 2006, §12. A zero vector is at 90° to every vector.

        angle_between(np.array([1.0, 0.0]), np.array([0.0, 2.0]))  # 90.0
    """
    units = unit_rows(np.stack([a, b]))
    if not units.any(axis=1).all():
        return 90.0
    step, middle = lengths(np.stack([units[0] - units[1], units[0] + units[1]])).tolist()
    return math.degrees(2 * math.atan2(step, middle))


def _without(found: Resolution) -> str:
    """The skipped words, for an error that they explain."""
    return f"; unknown and skipped: {', '.join(found.skipped)}" if found.skipped else ""


def _compare(first: str, second: str, a: Float64Array, b: Float64Array) -> Similarity:
    cosine = float(unit_cosines(unit_rows(a[None]), unit_rows(b[None]))[0])
    # The sign comes from the cosine: in a space of short vectors every dot product is small.
    printed = float(round_cosines(np.array(cosine)))
    return Similarity(
        a=first,
        b=second,
        cosine=cosine,
        angle=angle_between(a, b),
        dot=float(dot_products(a[None], b[None])[0]),
        euclidean=float(lengths((a - b)[None])[0]),
        sign="perpendicular" if printed == 0 else "similar" if printed > 0 else "opposite",
    )
