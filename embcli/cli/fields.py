"""The fields of a JSON question and their types, derived from the question's record."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

from embcli.errors import UsageProblem

Fields = dict[str, Any]
# Names of types in messages: of a value, and of a list of values.
CALLED = {str: "a string", bool: "true or false", int: "an integer", float: "a number"}
LISTS = {str: "a list of words", float: "a list of numbers"}


def field_types(record: type) -> dict[str, tuple[type | tuple[type], ...]]:
    """The types that each field of a record accepts from JSON, in order; (str,) inside the tuple is a list of strings.

    `top: int | None` accepts (int,), `tuple[str, ...]` and `Sequence[str] | None` accept ((str,),), and
    `str | Expression` accepts (str,), because JSON has no expressions.
    """
    return {name: _accepted(hint) for name, hint in get_type_hints(record).items()}


def read_object(line: str, types: Mapping[str, tuple[type | tuple[type], ...]]) -> Fields:
    """The fields of a question written as a JSON object; null leaves a field unset. Raises UsageProblem."""
    try:
        fields: dict[str, Any] = json.loads(line, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"the question is not JSON: {error}", "write an object or a plain expression") from None
    for name, value in fields.items():
        if name not in types:
            raise UsageProblem(f'unknown field "{name}"', f"the fields are {', '.join(types)}")
        if value is not None and not any(_fits(value, one) for one in types[name]):
            called = " or ".join(LISTS[one[0]] if isinstance(one, tuple) else CALLED[one] for one in types[name])
            raise UsageProblem(f'the field "{name}" cannot be {json.dumps(value)}', f"it must be {called}")
    given = {name: value for name, value in fields.items() if value is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def _accepted(hint: Any) -> tuple[type | tuple[type], ...]:
    if hint in CALLED:
        return (hint,)
    arguments = get_args(hint)
    if get_origin(hint) in (tuple, Sequence):
        return ((arguments[0],),) if arguments[0] in LISTS else ()
    return tuple(one for argument in arguments for one in _accepted(argument))


def _fits(value: Any, accepted: type | tuple[type]) -> bool:
    """Whether a JSON value has a type; true and false are not numbers, and integers count as floats."""
    if isinstance(accepted, tuple):
        return isinstance(value, list) and all(_fits(item, accepted[0]) for item in value)
    if isinstance(value, bool):
        return accepted is bool
    return isinstance(value, int | float if accepted is float else accepted)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object, if no field is repeated; json would keep the last duplicate."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise UsageProblem(f'the field "{name}" is given twice', "give it once")
    return dict(pairs)
