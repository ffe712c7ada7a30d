"""How records show themselves: as the command's table at a Python prompt, and as an HTML table in a notebook.

Records import no view. The package names the module of the views (`embcli/__init__.py`); it is loaded when the first
record is shown.
"""

from typing import Any, TypeVar

Kind = TypeVar("Kind", bound=type)
# Longer tuples are shortened to their first items.
LONG_TUPLE, FIRST_ITEMS = 6, 3


def displayed(kind: Kind) -> Kind:
    """Make the `repr` of a command's record its table, and give it the method that notebooks call for HTML."""
    record: Any = kind
    record.__repr__, record._repr_html_ = _as_text, _as_html
    return kind


def shortened(kind: Kind) -> Kind:
    """Make the `repr` of a record that may be long `short`."""
    record: Any = kind
    record.__repr__ = short
    return kind


def _as_text(record: Any) -> str:
    """The table of a record, without colours; `short` if there are no results."""
    if not record.results and not getattr(record, "pairs", None):
        return short(record)
    return str(_views().as_text(record))


def _as_html(record: Any) -> str:
    return str(_views().as_html(record))


def short(record: Any) -> str:
    """The fields of a record, of which long tuples are shortened.

    short(entry)  # "Entry(word='king', row=691, …, vector=(0.50451, 0.68607, -0.59517, ... 47 more), …)"
    """
    fields = (f"{name}={_short(value)}" for name, value in zip(record._fields, record, strict=True))
    return f"{type(record).__name__}({', '.join(fields)})"


def _short(value: Any) -> str:
    if type(value) is not tuple or len(value) <= LONG_TUPLE:
        return repr(value)
    return f"({', '.join(map(repr, value[:FIRST_ITEMS]))}, ... {len(value) - FIRST_ITEMS:,} more)"


def _views() -> Any:
    from importlib import import_module

    from embcli import __views__

    return import_module(__views__)
