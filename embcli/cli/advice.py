"""What people may have meant: hints for unknown commands and options, and for words glued to signs."""

import re
import shlex
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from embcli.errors import EmbcliError, ExpressionSyntaxError, UnknownModel, UsageProblem

# Other words for commands.
MEANT = {
    "similarity": ("compare", "distance", "dot", "cosine", "cos", "sim", "angle", "difference"),
    "neighbors": ("nearest", "closest", "similar", "synonyms", "neighbours", "most_similar", "search"),
    "lookup": ("vector", "vec", "embedding", "embed", "row", "get"),
    "project": ("direction", "projection", "axis", "plural", "gender"),
    "softmax": ("probability", "probabilities", "temperature", "logits"),
    "odd": ("outlier", "doesnt_match", "odd_one_out"),
    "models add": ("install", "download", "load", "import", "fetch", "add"),
    "models list": ("list", "ls"),
    "models info": ("info", "show", "parameters", "describe", "stats"),
    "models export": ("export", "save", "convert"),
    "models verify": ("verify", "check"),
    "models default": ("default", "use"),
    "models rename": ("rename", "mv"),
    "models catalog": ("catalog", "available"),
}
# Commands whose arguments are of another kind than words: their help is named, not a command line.
SEE_HELP = {"project", "softmax", "models info", "models export", "models rename"}
DELETING = {"remove"}
# Other names of options, and what to write.
MEANT_OPTIONS = {
    "for N answers use -k N": ("--topn", "--n", "-n", "--limit", "--count", "--num", "--number"),
    "use --expect WORD": ("--rank", "--expected", "--answer", "--target"),
    "use --include-inputs": ("--no-exclude", "--allow-inputs", "--inputs", "--with-inputs"),
    "use --vocab N": ("--vocabulary", "--restrict-vocab", "--restrict_vocab"),
    "use --format csv": ("--csv",),
    "use --format tsv": ("--tsv",),
    "use --format markdown": ("--markdown", "--md"),
    "use --format words": ("--words",),
    "write -o FILE for .svg, .html or .txt, else > FILE": ("-o", "--output", "--out"),
    'for the other end negate the expression: "- king"': ("--farthest", "--reverse", "--lowest", "--opposite"),
    "to see both ends, use --scan N": ("--both",),
}
# A sign glued to a word, which is the option of its first letter.
GLUED = r"-[^\W\d_]{2,}\S*"


def for_unknown_command(path: str, args: Sequence[str], listed: Iterable[str]) -> str:
    """The hint for an unknown command: the first of `args`, in the group `path` with the commands `listed`.

    Commands that delete are never suggested.
    """
    from difflib import get_close_matches

    program, _, group = path.partition(" ")
    first, rest = args[0], [*args[1:]]
    if first == program and rest:
        return f"did you mean: {shlex.join([path, *_before_options(rest)])}"
    for command, others in MEANT.items():
        if first.lower() in others and (command.startswith(f"{group} ") or not group):
            full = f"{program} {command}"
            return f"see: {full} --help" if command in SEE_HELP else f"did you mean: {_line(full, rest)}"
    similar = get_close_matches(first, [name for name in listed if name not in DELETING])
    if similar:
        return f"did you mean: {_line(f'{path} {similar[0]}', rest)}"
    return f"see: {path} --help" if group else f"did you mean: {path} {_as_question([*args])}"


def for_unknown_option(name: str) -> str:
    """The hint for another name of an option; empty if there is none."""
    return next((hint for hint, others in MEANT_OPTIONS.items() if name in others), "")


def explain_glued(arguments: Sequence[str], error: EmbcliError) -> EmbcliError:
    """The error with a hint, if the arguments have a word glued to a sign, as in `king -man`: the option `-m an`."""
    for word in takewhile(lambda argument: argument != "--", arguments):
        if not re.fullmatch(GLUED, word):
            continue
        is_model = word.startswith("-m") and isinstance(error, UnknownModel | ExpressionSyntaxError)
        is_unknown = f"option: {word[:2]}" in error.message
        is_about = f"{word[:2]!r}" in error.message or f"{word[:2]} is given" in error.message
        if is_model or is_unknown or is_about:
            what = f'there is no option "{word}"'
            if not is_unknown:
                what = f'"{word}" is the option {word[:2]} with the value "{word[2:]}"'
            hint = f"put a space after the sign: - {word[1:]}; after --, words may begin with a dash"
            return UsageProblem(what, hint)
    return error


def readable(message: str) -> str:
    """An error of the parser without the words of its types."""
    message = re.sub(r"'(.*)' is not a valid int(eger)?( range)?$", r"'\1' is not a whole number", message)
    message = re.sub(r"'(.*)' is not a valid float( range)?$", r"'\1' is not a number", message)
    return re.sub(r"(\S+) is not in the range x>=(\S+)$", r"\1 is less than \2", message)


def _line(command: str, rest: Sequence[str]) -> str:
    return " ".join([command, *([shlex.join(_before_options(rest))] if _before_options(rest) else [])])


def _as_question(args: list[str]) -> str:
    """The command line of a question without a command, such as `king - man + woman`."""
    if set(args) & {"+", "-"}:  # `-man` is no option here
        args = [part for word in args for part in (("-", word[1:]) if re.fullmatch(GLUED, word) else (word,))]
    args = _before_options(args)
    if len(args) == 1 and re.fullmatch(r"\w+(?:[+-]\w+)*\+\w+(?:[+-]\w+)*", args[0]):  # king-man+woman
        args = re.sub(r"[+-]", lambda sign: f" {sign[0]} ", args[0]).split()
    text = " ".join(args)
    words = len(text.split())
    is_analogy = words == 3 or "::" in text or re.search(r"\s[+-]\s", text)
    command = "analogy" if is_analogy else "similarity" if words > 1 else "neighbors"
    return f"{command} {shlex.join(args)}"


def _before_options(args: Iterable[str]) -> list[str]:
    return list(takewhile(lambda argument: not re.match(r"--?\w", argument), args))


def option_of(error: Any) -> str:
    """The option that an error of the parser is about, if any."""
    return str(getattr(error, "option_name", "") or "")
