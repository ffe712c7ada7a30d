"""The records of `demo`: the list of demos, and a step of one."""

from typing import Any, NamedTuple

from embcli.results.display import displayed


class DemosQuery(NamedTuple):
    """The action: `list`."""

    action: str


class Demo(NamedTuple):
    """A demo that comes with embcli. title: what it shows, in a line. steps: their number."""

    name: str
    title: str
    steps: int


@displayed
class Demos(NamedTuple):
    """The record of `demo` without a name."""

    schema: str
    model: None
    query: DemosQuery
    results: tuple[Demo, ...]


class DemoStep(NamedTuple):
    """A step of a demo. step: from 1. command: as one types it in a terminal; empty for notes alone.

    note: the notes around the command, a line each. answer: the record of the command, or its error; a list of them
    for several models, and null for notes alone. status: the exit status of the command.
    """

    schema: str
    step: int
    command: str
    note: str
    answer: Any
    status: int
