"""The fields of a JSON question and their types, derived from the question's record."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

from embcli.cli.topic import Fields
from embcli.errors import UsageProblem

# Names of types in messages: of a value, and of a list of values.
CALLED = {str: "a string", bool: "true or false", int: "an integer", float: "a number"}
LISTS = {str: "a list of words", float: "a list of numbers"}
NAMED_NUMBERS = dict[str, float]
AcceptedType = Any  # a type; (type,) for a list of it; NAMED_NUMBERS for an object of names and numbers


def field_types(record: type) -> dict[str, tuple[AcceptedType, ...]]:
    """The types that each field of a record accepts from JSON, in order; (str,) inside the tuple is a list of strings.

    `top: int | None` accepts (int,), `tuple[str, ...]` and `Sequence[str] | None` accept ((str,),), and
    `str | Expression` accepts (str,), because JSON has no expressions.
    """
    return {name: _accepted(hint) for name, hint in get_type_hints(record).items()}


def read_object(line: str) -> Fields:
    """The fields of a JSON object; null leaves a field unset. Raises UsageProblem."""
    try:
        fields: dict[str, Any] = json.loads(line, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"the question is not JSON: {error}", "write an object or a plain expression") from None
    return {name: value for name, value in fields.items() if value is not None}


def check_fields(fields: Fields, types: Mapping[str, tuple[AcceptedType, ...]]) -> Fields:
    """The fields of a question, with lists as tuples. UsageProblem for an unknown field, and for a wrong type."""
    for name, value in fields.items():
        if name not in types:
            raise UsageProblem(f'unknown field "{name}"', f"the fields are {', '.join(types)}")
        if not any(_fits(value, one) for one in types[name]):
            called = " or ".join(map(_called, types[name]))
            raise UsageProblem(f'the field "{name}" cannot be {json.dumps(value)}', f"it must be {called}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _accepted(hint: Any) -> tuple[AcceptedType, ...]:
    if hint in CALLED:
        return (hint,)
    arguments = get_args(hint)
    if get_origin(hint) is Mapping:
        return (NAMED_NUMBERS,)
    if get_origin(hint) in (tuple, Sequence):
        return ((arguments[0],),) if arguments[0] in LISTS else ()
    return tuple(one for argument in arguments for one in _accepted(argument))


def _called(accepted: AcceptedType) -> str:
    if accepted is NAMED_NUMBERS:
        return "an object of names and numbers"
    return LISTS[accepted[0]] if isinstance(accepted, tuple) else CALLED[accepted]


def _fits(value: Any, accepted: AcceptedType) -> bool:
    """Whether a JSON value has a type; true and false are not numbers, and integers count as floats."""
    if accepted is NAMED_NUMBERS:
        return isinstance(value, dict) and all(_fits(number, float) for number in value.values())
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
