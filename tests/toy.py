"""A toy space on readable axes, whose every answer can be worked out on paper.

Each word says yes (+1) or no (-1) on each axis, so all vectors are √5 long, and two words that differ
on d axes have the dot product 5 - 2d, the cosine 1 - 2d/5 and the Euclidean distance 2√d:

    d           0     1     2     3     4     5
    dot         5     3     1    -1    -3    -5
    cosine      1    .6    .2   -.2   -.6    -1
    distance    0     2   √8   √12     4   √20

`empress` is three times `queen`: the same direction, so their cosines with anything tie.
"""

from embcli.vectors.space import VectorSpace

AXES = ("royal", "female", "young", "plural", "animal")
SIGNS = {
    "man": "-----",
    "woman": "-+---",
    "king": "+----",
    "queen": "++---",
    "prince": "+-+--",
    "princess": "+++--",
    "boy": "--+--",
    "girl": "-++--",
    "men": "---+-",
    "women": "-+-+-",
    "cat": "----+",
    "cats": "---++",
    "kitten": "--+-+",
    "kittens": "--+++",
    "empress": "++---",
}
WORDS = tuple(SIGNS)


def vector(word: str) -> list[float]:
    """The vector of a word, as the table spells it."""
    length = 3.0 if word == "empress" else 1.0
    return [length if sign == "+" else -length for sign in SIGNS[word]]


def make_space() -> VectorSpace:
    """The words above, most frequent first."""
    return VectorSpace.from_words(WORDS, [vector(word) for word in WORDS], "toy")
