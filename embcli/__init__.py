"""embcli: ask questions of word vectors.

    space = embcli.open_space("glove")
    embcli.solve_analogy(space, "king - man + woman").results[0].word

Each name is loaded at its first use, so that `import embcli` is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers, "as" marks a name as exported
    from embcli.errors import EmbcliError as EmbcliError
    from embcli.errors import UnknownModel as UnknownModel
    from embcli.errors import UnknownWord as UnknownWord
    from embcli.evaluation.analogies import evaluate_analogies as evaluate_analogies
    from embcli.evaluation.question_sets import read_analogies as read_analogies
    from embcli.evaluation.ratings import read_ratings as read_ratings
    from embcli.evaluation.similarity import evaluate_similarity as evaluate_similarity
    from embcli.models.checkpoints import open_transformer as open_transformer
    from embcli.models.open import open_space as open_space
    from embcli.models.shapes import count_parameters as count_parameters
    from embcli.queries.analogy import find_neighbors as find_neighbors
    from embcli.queries.analogy import solve_analogy as solve_analogy
    from embcli.queries.attend import attend as attend
    from embcli.queries.expression import parse as parse
    from embcli.queries.lookup import look_up as look_up
    from embcli.queries.project import project as project
    from embcli.queries.similarity import compare_words as compare_words
    from embcli.queries.similarity import find_odd_one as find_odd_one
    from embcli.queries.softmax import weigh_candidates as weigh_candidates
    from embcli.queries.softmax import weigh_logits as weigh_logits
    from embcli.render.as_json import as_json as as_json
    from embcli.vectors.space import VectorSpace as VectorSpace

__version__ = "0.1.0"
# The module that shows records at a prompt and in a notebook, for `results`, which imports no view.
__views__ = "embcli.render.notebook"

# The exported names and their modules; a test compares them with the imports above.
_HOMES = {
    "EmbcliError": "errors",
    "UnknownModel": "errors",
    "UnknownWord": "errors",
    "VectorSpace": "vectors.space",
    "as_json": "render.as_json",
    "attend": "queries.attend",
    "compare_words": "queries.similarity",
    "count_parameters": "models.shapes",
    "evaluate_analogies": "evaluation.analogies",
    "evaluate_similarity": "evaluation.similarity",
    "find_neighbors": "queries.analogy",
    "find_odd_one": "queries.similarity",
    "look_up": "queries.lookup",
    "open_space": "models.open",
    "open_transformer": "models.checkpoints",
    "parse": "queries.expression",
    "project": "queries.project",
    "read_analogies": "evaluation.question_sets",
    "read_ratings": "evaluation.ratings",
    "solve_analogy": "queries.analogy",
    "weigh_candidates": "queries.softmax",
    "weigh_logits": "queries.softmax",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'embcli' has no attribute {name!r}")
    return getattr(import_module(f"embcli.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
