"""Which settings apply to a command line: those that have an effect on it, and change neither its question nor its end.

The names are those of parameters. A parameter whose value is its default counts as absent.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from embcli.cli.pictures import OF_POINTS, OF_WORDS, OPTIONS_OF
from embcli.errors import EmbcliError, UsageProblem

OF_FORMAT = {"format_name", "as_json", "as_jsonl"}
MODEL = "model"
# Options that are a part of one question, or name its file: what is asked, and where the answer goes.
ASKED = {
    "output", "theme", "expect", "logits", "scan", "pairs", "everything", "groups", "matrix", "candidates", "lens",
    "sample", "vectors", "details", "columns", "section", "baseline", "neighbors", "analogy", "file", "color_by",
    "arrows", "axes", "oblique", "project", "softmax", "heatmap", "pattern", "folder", "force",
}  # fmt: skip
# The same for one command: `plot --vocab` chooses what is drawn, and `plot --layers` is a picture.
ASKED_OF_A_COMMAND = {"plot top", "plot layers"}
# A parameter that has an effect only beside one of others, and is an error without it.
NEEDS = {
    "softmax k": {"everything"},
    "project top": {"scan"},
    "analogy skip_unknown": {"among"},
    "neighbors skip_unknown": {"among"},
    "nn skip_unknown": {"among"},
    "predict seed": {"sample"},
    "predict tokens": {"sample"},
    "attend head": {"layer"},
    "plot k": {"neighbors", "analogy"},
    "plot seed": {"method"},
    "plot perplexity": {"method"},
    "plot temperature": {"softmax"},
    "plot layer": {"pattern"},
    "plot head": {"layer"},
    "plot focus": {"pattern", "layers"},
    "plot dictionary": {"layers"},
}
# The same, if the model is a transformer: there -T is of one head, and word vectors have only one.
NEEDS_OF_TRANSFORMERS = {"attend temperature": {"head"}}
# Parameters that only transformers have, for commands that also take word vectors.
NOT_OF_WORDS = {"attend layer", "attend head", "attend truncate", "plot layer", "plot head"}
PIECES = "pieces"
# Parameters that another one excludes: given logits come from no model, and pairs stand in their own order.
_RANKING = {
    "among": {"top"},
    "top": {"among"},
    "method": {"metric", "raw"},
    "metric": {"method"},
    "raw": {"method"},
}
EXCLUDES = {
    "softmax logits": {MODEL, "metric", "everything", "k", "skip_unknown", PIECES},
    "project pairs": {"sort"},
    "plot axes": {"method", "fit"},
    "plot method": {"fit"},
    "plot fit": {"method"},
    **{f"{path} {name}": others for path in ("analogy", "neighbors", "nn") for name, others in _RANKING.items()},
    **{f"plot {picture}": (OF_POINTS | OF_WORDS) - used for picture, used in OPTIONS_OF.items()},
}
# A file of -o has the format of its name.
EXCLUDED_BY_A_FILE = {*OF_FORMAT, "no_header"}
DELIMITED = ("csv", "tsv")


def is_part_of_a_question(path: str, name: str) -> bool:
    """Whether a parameter is a part of one question: is_part_of_a_question("plot", "top")  # True"""
    return name in ASKED or f"{path} {name}" in ASKED_OF_A_COMMAND


def problem_of(path: str, name: str, value: Any) -> str:
    """Why a command cannot have a value that its parser accepts; empty if it can.

    problem_of("attend", "temperature", 0.0)  # "the temperature of attention must be more than 0"
    """
    if f"{path} {name}" == "attend temperature":
        return "" if value > 0 else "the temperature of attention must be more than 0"
    if name == "temperature":
        from embcli.queries.softmax import parse_temperatures

        try:
            parse_temperatures(value)
        except UsageProblem as error:
            return f"{error.message}; {error.hint}"
    return ""


def excluded_by(path: str, given: Mapping[str, Any]) -> set[str]:
    """The parameters that those of a line exclude. given: the values of the line, by parameter."""
    names = set[str]().union(*(EXCLUDES.get(f"{path} {name}", set()) for name in given))
    names |= OF_FORMAT if {*given} & OF_FORMAT else set()
    if "output" in given:
        names |= EXCLUDED_BY_A_FILE
    if path == "plot" and is_of_logits(given.get("softmax")):
        names |= EXCLUDES["softmax logits"]
    return names


def applicable(path: str, given: Mapping[str, Any], settings: Mapping[str, Any], models: Sequence[str]) -> list[str]:
    """The parameters of the settings that apply to a line, in their order; of two that exclude each other the later.

    given, settings: the values of the line, and of the settings that it does not give, by parameter, without those
    that are the default.
    models: those that answer; none: the default one.

        applicable("plot", {"heatmap": True}, {"k": 5, "seed": 3}, [])  # []
    """
    excluded, left = excluded_by(path, given), list[str]()
    for name in reversed([*settings]):
        if name not in excluded:
            left.append(name)
            excluded |= EXCLUDES.get(f"{path} {name}", set())
    left = [name for name in reversed(left) if _is_known_to(models, path, name)]
    while True:
        unmet = {name for name in left if not _is_met(path, name, {*given, *left}, models)}
        if "no_header" in left and {**settings, **given}.get("format_name") not in DELIMITED:
            unmet.add("no_header")
        if not unmet:
            return left
        left = [name for name in left if name not in unmet]


def is_of_logits(source: str | None) -> bool:
    """Whether `plot --softmax` has logits, which come from no model: is_of_logits("a=1,b=2")  # True"""
    from embcli.cli.softmax import LOGIT

    return source is not None and LOGIT.fullmatch(source) is not None


def _is_met(path: str, name: str, known: Collection[str], models: Sequence[str]) -> bool:
    key = f"{path} {name}"
    needed = NEEDS.get(key)
    if key in NEEDS_OF_TRANSFORMERS and _are_transformers(models):
        needed = NEEDS_OF_TRANSFORMERS[key]
    return needed is None or bool(needed & {*known})


def _is_known_to(models: Sequence[str], path: str, name: str) -> bool:
    """Whether the models have what a parameter is about; True for models that cannot be opened, as the command says."""
    if f"{path} {name}" in NOT_OF_WORDS:
        return _are_transformers(models)
    if name != PIECES:
        return True
    from embcli.models.open import open_space

    try:
        return any(bool(open_space(model).spelling) for model in models or (None,))
    except EmbcliError:
        return True


def _are_transformers(models: Sequence[str]) -> bool:
    from embcli.models.checkpoints import open_any
    from embcli.transformer.model import Transformer

    try:
        return all(isinstance(open_any(model), Transformer) for model in models or (None,))
    except EmbcliError:
        return True
