"""What a picture of points says about itself, in the terminal and in files."""

from embcli.results.plot import Axis, Plot


def facts_of(answer: Plot, *, degree: str = "°") -> list[str]:
    """How the places of the points were computed. degree: the sign of degrees.

    facts_of(plot(glove, PlotQuestion(("king", "queen"))))  # ['principal components of 2 points']
    """
    query, points = answer.query, len(answer.results)
    count = f"{points:,} point{'s' * (points > 1)}"
    of_points = f"{count} of unit length" if query.unit else count
    if query.method == "tsne":
        facts = [f"t-SNE of {of_points}", f"perplexity {query.perplexity:g}", f"seed {query.seed}"]
    elif query.method == "axes":
        turned = ", the second axis made perpendicular" if query.orthogonal else ""
        facts = [of_points, f"angle of the directions {query.angle:.2f}{degree}{turned}"]
    elif query.fit == "vocabulary":
        facts = [of_points, "principal components of all words"]
    else:
        facts = [f"principal components of {of_points}"]
    return [*facts, *([f"first {query.top:,} words"] if query.top else [])]


def title_of(axis: Axis) -> str:
    """The name of an axis, and the share of the variance that it explains: PC1: 48.1% of the variance."""
    return axis.name if axis.explained is None else f"{axis.name}: {axis.explained:.1%} of the variance"
