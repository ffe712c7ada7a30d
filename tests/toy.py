"""A toy space on readable axes, whose answers can be computed by hand.

Each word has the coordinate +1 or -1 on each axis, so all vectors have length √5, and two words that differ
on d axes have the dot product 5 - 2d, the cosine 1 - 2d/5 and the Euclidean distance 2√d:

    d           0     1     2     3     4     5
    dot         5     3     1    -1    -3    -5
    cosine      1    .6    .2   -.2   -.6    -1
    distance    0     2   √8   √12     4   √20

`empress` is three times `queen`: they have the same direction, so their cosines with every vector tie.
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
    """The vector of a word, by the table."""
    length = 3.0 if word == "empress" else 1.0
    return [length if sign == "+" else -length for sign in SIGNS[word]]


def make_space() -> VectorSpace:
    """The words above, most frequent first."""
    return VectorSpace.from_words(WORDS, [vector(word) for word in WORDS], "toy")
