"""The question that `plot` answers."""

from typing import NamedTuple

PLACED_BY = ("pca", "tsne", "axes")
FITS = ("words", "vocabulary")
# How many neighbours and how many answers of an analogy are drawn.
NEIGHBORS, ANSWERS = 30, 1
# Groups that differ: a terminal has 8 marks in 6 colours, of which the 24 pairs in turn are different.
MOST_GROUPS = 24
# The names of groups, each with its words.
Groups = tuple[tuple[str, tuple[str, ...]], ...]


class PlotQuestion(NamedTuple):
    """Which words are drawn, and how their places are computed; see `plot.points.plot`.

    words: words or expressions. groups: the name of each group, and its words. neighbors, analogy: an expression, of
    which the k nearest words are drawn; k: 30, for an analogy 1. top: how many of the most frequent words are drawn.
    method: pca or tsne, without `axes`, which are two directions. fit: what the principal components are of, `words`
    or `vocabulary`. oblique: whether the second direction stays as given. arrows: pairs of words. perplexity: of t-SNE,
    by default `usual_perplexity`; seed: of t-SNE, by default 0.
    """

    words: tuple[str, ...] = ()
    groups: Groups = ()
    neighbors: str | None = None
    analogy: str | None = None
    k: int | None = None
    top: int | None = None
    method: str = "pca"
    fit: str = "words"
    axes: tuple[str, str] | None = None
    oblique: bool = False
    arrows: tuple[tuple[str, str], ...] = ()
    perplexity: float | None = None
    seed: int | None = None
    skip_unknown: bool = False

    @property
    def text(self) -> str:
        """The question in one line."""
        from embcli.queries.expression import quote

        asked = [text for text in (self.neighbors, self.analogy) if text]
        grouped = (word for _, members in self.groups for word in members)
        return " ".join([*asked, *map(quote, (*self.words, *grouped))])
