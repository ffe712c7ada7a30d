"""Heads and tails that questions share: in king - man + woman, the head is king - man and the tail is woman.

The 19,544 Google analogies have about 550 heads and 900 tails, so most scores cost one addition; a dot product for
each question would take ten times as long.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

# An addition takes about a quarter of the time of a dot product of 50 numbers.
MOST_PRODUCTS = 0.75

Terms = Sequence[tuple[int, float]]  # rows and weights


class Run(NamedTuple):
    """Consecutive questions with the same head and consecutive tails. `questions` is relative to the first question."""

    questions: slice
    head: int
    tails: slice


class SharedTerms:
    """The distinct heads and tails of questions; a head is all terms but the last, with the weight of the last."""

    def __init__(self, terms: Sequence[Terms]) -> None:
        head_numbers: dict[tuple[tuple[tuple[int, float], ...], float], int] = {}
        tail_numbers: dict[int, int] = {}
        self.head_of = np.zeros(len(terms), np.intp)
        self.tail_of = np.zeros(len(terms), np.intp)
        for number, (*head, (tail, weight)) in enumerate(terms):
            self.head_of[number] = head_numbers.setdefault((tuple(head), weight), len(head_numbers))
            self.tail_of[number] = tail_numbers.setdefault(tail, len(tail_numbers))
        self.heads = [head for head, _ in head_numbers]
        self.tails = list(tail_numbers)
        self._runs: dict[tuple[int, int], list[Run]] = {}

    def runs(self, first: int, last: int) -> list[Run]:
        """The questions from `first` to `last` as runs, each of which numpy adds in one call."""
        if (first, last) not in self._runs:
            heads, tails = self.head_of[first:last], self.tail_of[first:last]
            is_new = (np.diff(heads) != 0) | (np.diff(tails) != 1)
            edges = [0, *(np.flatnonzero(is_new) + 1).tolist(), last - first]
            self._runs[first, last] = [
                Run(slice(i, j), int(heads[i]), slice(int(tails[i]), int(tails[i]) + j - i)) for i, j in pairwise(edges)
            ]
        return self._runs[first, last]


def shares_terms(terms: Sequence[Terms]) -> bool:
    """Whether `SumsOfCosines` is faster: all tails have weight 1, and heads and tails recur."""
    if not all(len(question) > 1 and question[-1][1] == 1 for question in terms):
        return False
    shared = SharedTerms(terms)
    return len(shared.heads) + len(shared.tails) <= MOST_PRODUCTS * len(terms)
