"""embcli: ask questions of word vectors.

    space = embcli.open_space("glove")
    embcli.solve_analogy(space, "king - man + woman").results[0].word

Each name is loaded when it is first used, so that `import embcli` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embcli.agreement import evaluate_similarity
    from embcli.analogy import find_neighbors, solve_analogy
    from embcli.direction import project
    from embcli.errors import EmbcliError, UnknownModel, UnknownWord
    from embcli.evaluate import evaluate_analogies
    from embcli.expression import parse
    from embcli.lookup import look_up
    from embcli.question_sets import read_analogies, read_ratings
    from embcli.render.as_json import as_json
    from embcli.similarity import compare_words, find_odd_one
    from embcli.softmax import weigh_candidates, weigh_logits
    from embcli.space import VectorSpace
    from embcli.spaces import open_space

__version__ = "0.1.0"

__all__ = [
    "EmbcliError",
    "UnknownModel",
    "UnknownWord",
    "VectorSpace",
    "as_json",
    "compare_words",
    "evaluate_analogies",
    "evaluate_similarity",
    "find_neighbors",
    "find_odd_one",
    "look_up",
    "open_space",
    "parse",
    "project",
    "read_analogies",
    "read_ratings",
    "solve_analogy",
    "weigh_candidates",
    "weigh_logits",
]

_HOMES = {
    "EmbcliError": "errors",
    "UnknownModel": "errors",
    "UnknownWord": "errors",
    "VectorSpace": "space",
    "as_json": "render.as_json",
    "compare_words": "similarity",
    "evaluate_analogies": "evaluate",
    "evaluate_similarity": "agreement",
    "find_neighbors": "analogy",
    "find_odd_one": "similarity",
    "look_up": "lookup",
    "open_space": "spaces",
    "parse": "expression",
    "project": "direction",
    "read_analogies": "question_sets",
    "read_ratings": "question_sets",
    "solve_analogy": "analogy",
    "weigh_candidates": "softmax",
    "weigh_logits": "softmax",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'embcli' has no attribute {name!r}")
    return getattr(import_module(f"embcli.{_HOMES[name]}"), name)
