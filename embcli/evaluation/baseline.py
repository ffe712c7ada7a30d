"""The baseline of an evaluation: random vectors, which give the scores of chance."""

from collections.abc import Sequence

import numpy as np

from embcli.errors import UsageProblem
from embcli.evaluation.questions import RANDOM_SEED
from embcli.vectors.arithmetic import row_norms
from embcli.vectors.space import VectorSpace

BASELINES = ("random",)


class RandomSpace(VectorSpace):
    """The words of another space with random vectors of the same shape."""

    def __init__(self, like: VectorSpace, name: str = "random") -> None:
        vectors = np.random.default_rng(RANDOM_SEED).standard_normal((len(like), like.dim), np.float32)
        super().__init__(vectors, row_norms(vectors), like.vocabulary, name)
        self.origin = "random numbers"
        self.spelling = like.spelling
        self._like = like

    def __reduce__(self) -> tuple[type["RandomSpace"], tuple[VectorSpace, str]]:
        """Pickle the arguments; the unpickled copy draws the same vectors."""
        return RandomSpace, (self._like, self.name)


def compared(spaces: VectorSpace | Sequence[VectorSpace], top: int | None, baseline: str | None) -> list[VectorSpace]:
    """The compared models: the given one or ones, and the baseline, if any. Raises UsageProblem."""
    spaces = [spaces] if isinstance(spaces, VectorSpace) else list(spaces)
    if not spaces:
        raise UsageProblem("there is no model to evaluate", "give a space, or a list of spaces")
    if top is not None and top < 1:
        raise UsageProblem(f"top must be at least 1, not {top}", "for example top=300000")
    names = [space.name for space in spaces]
    for name in names:
        if names.count(name) > 1:
            raise UsageProblem(f'two models are named "{name}"', "give them different names")
    if baseline is None:
        return spaces
    if baseline not in BASELINES:
        raise UsageProblem(f'unknown baseline "{baseline}"', f"use one of {', '.join(BASELINES)}")
    if spaces[0].is_remote:
        raise UsageProblem(
            f"the words of {spaces[0].name} are on a server, so there is no baseline", "name a local model first"
        )
    name = baseline
    while name in names:
        name += "-baseline"
    return [*spaces, RandomSpace(spaces[0], name)]
