"""Settings of a running program: the options that it adds to a command line which does not give them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import typer
from typer.core import TyperOption

from embcli.cli import options
from embcli.cli.advice import for_unknown_option, readable
from embcli.cli.applicable import (
    MODEL,
    OF_FORMAT,
    applicable,
    excluded_by,
    is_part_of_a_question,
    problem_of,
)
from embcli.cli.command import Command
from embcli.errors import EmbcliError, UsageProblem

# Commands that ask no question; of some of them the format can be set, and nothing else.
NOT_ASKING = ("models", "shell", "demo", "schema", "help")
WITH_FORMAT = ("models", "demo")
# Short for values of --format. A line that gives one of these parameters has a format.
SHORT_FORMATS = ("json", "jsonl", "plain")


class Setting(NamedTuple):
    """The value of an option; None for a flag. parameters: the parameter of each command that takes it."""

    option: str
    value: str | None
    parameters: Mapping[str, str]

    @property
    def arguments(self) -> list[str]:
        """The option as arguments of a command line."""
        return [self.option] if self.value is None else [self.option, self.value]


class Settings:
    """The models and the options that are set.

    commands: all commands by their path, such as `evaluate analogies`.
    """

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self.commands = commands
        self.models: tuple[str, ...] = ()
        self.options: dict[str, Setting] = {}

    def set(self, name: str, value: str | None) -> Setting:
        """Set an option of some commands, spelled with or without dashes. Raises UsageProblem.

        settings.set("metric", "dot").parameters  # {"analogy": "metric", "neighbors": "metric", "softmax": "metric"}
        """
        if name.lstrip("-") in SHORT_FORMATS and value is None:
            name, value = "format", name.lstrip("-")
        name, equals, behind = name.partition("=")
        if equals and value is None:
            value = behind
        found = [*self._options(name)]
        if not found:
            raise self._unknown(name)
        parameters, problems = dict[str, str](), []
        for path, command, option in found:
            problem = _problem(path, command, option, value)
            if problem:
                problems.append(problem)
            else:
                parameters[path] = str(option.name)
        if not parameters:
            raise UsageProblem(problems[0])
        setting = Setting(spelling(name, found[0][2]), value, parameters)
        self.options[setting.option] = setting
        return setting

    def unset(self, name: str) -> None:
        """Leave an option to the commands again. Raises UsageProblem if it is not set."""
        found = [*self._options(name)]
        option = spelling(name, found[0][2]) if found else name
        if option not in self.options:
            known = ", ".join(self.options) or "nothing"
            raise UsageProblem(f'"{name}" is not set', f"set: {known}")
        del self.options[option]

    def applied(self, path: str, command: Command, arguments: list[str]) -> list[list[str]]:
        """The arguments of a command with the settings before them; several lists, if it takes one model at a time.

        What the arguments give, and what would have no effect beside them, is not added. Arguments that the parser
        rejects stay as they are, so that the error is that of the command.
        """
        try:
            given, _ = command.given(typer.Context(command), arguments)
        except (typer.TyperException, EmbcliError):
            return [arguments]
        usual = {str(one.name): str(one.default) for one in command.params}
        asked = {name: value for name, value in given.items() if str(value) != usual[name]}
        settings = {one.parameters[path]: one for one in self.options.values() if path in one.parameters}
        others = {
            name: True if one.value is None else one.value
            for name, one in settings.items()
            if name not in given and str(one.value) != usual[name]
        }
        takes_model = MODEL in usual and MODEL not in {*given, *excluded_by(path, asked)}
        lines = []
        for named in _as_options(self.models if takes_model else (), command):
            models = given.get(MODEL) or named[1::2]
            added = [part for name in applicable(path, asked, others, models) for part in settings[name].arguments]
            lines.append([*named, *added, *arguments])
        return lines

    def option_names(self) -> list[str]:
        """The names of all options that can be set, without dashes."""
        names = {
            spelling(name, option).lstrip("-"): None
            for path, command in self.commands.items()
            for option in _options_of(path, command)
            for name in option.opts
        }
        return sorted({*names, *SHORT_FORMATS})

    def values_of(self, name: str) -> list[str]:
        """The values of an option that has a fixed number of them."""
        values = (getattr(option.type, "choices", ()) for _, _, option in self._options(name))
        return [*dict.fromkeys(str(value) for choices in values for value in choices)]

    def _options(self, name: str) -> Iterator[tuple[str, Command, TyperOption]]:
        wanted = name.lstrip("-")
        for path, command in self.commands.items():
            for option in _options_of(path, command):
                if wanted in [one.lstrip("-") for one in option.opts]:
                    yield path, command, option

    def _unknown(self, name: str) -> UsageProblem:
        from difflib import get_close_matches

        if name.lstrip("-") in (MODEL, "m"):
            return UsageProblem("models are not set as options", "write :model NAME")
        similar = get_close_matches(name.lstrip("-"), self.option_names())
        meant = f"did you mean {', '.join(similar)}?" if similar else "see the help of a command: :help analogy"
        named = (
            one.lstrip("-") for command in self.commands.values() for option in command.params for one in option.opts
        )
        if name.lstrip("-") in named:
            return UsageProblem(f"{name} is a part of one question, so it is not set for all", "write it on that line")
        hint = for_unknown_option(f"--{name.lstrip('-')}") or meant
        return UsageProblem(f'no command has an option "{name}"', hint)


def spelling(name: str, option: TyperOption) -> str:
    """The option as it is listed: -k, or the long name."""
    return max(option.opts, key=len) if any(one.lstrip("-") == name.lstrip("-") for one in option.opts) else name


def asks(path: str) -> bool:
    """Whether a command asks a question: asks("evaluate analogies")  # True"""
    return path.partition(" ")[0] not in NOT_ASKING


def _options_of(path: str, command: Command) -> Iterable[TyperOption]:
    """The options of a command that can be set."""
    for one in command.params:
        is_for_all = one.name in OF_FORMAT and path.partition(" ")[0] in WITH_FORMAT
        if not isinstance(one, TyperOption) or one.name == MODEL or is_part_of_a_question(path, str(one.name)):
            continue
        if asks(path) or is_for_all:
            yield one


def _problem(path: str, command: Command, option: TyperOption, value: str | None) -> str:
    """Why an option cannot have a value; empty if it can."""
    name = max(option.opts, key=len)
    if option.is_flag:
        return f'{name} takes no value, so "{value}" has no meaning' if value is not None else ""
    if value is None:
        return f"{name} needs a value"
    try:
        read: Any = option.type_cast_value(typer.Context(command), [value] if option.multiple else value)
    except typer.TyperException as error:
        return readable(error.format_message().rstrip("."))
    return problem_of(path, str(option.name), read)


def _as_options(models: tuple[str, ...], command: Command) -> list[list[str]]:
    """Models as options, all together if the command compares models, else each alone."""
    named = [["-m", model] for model in models]
    annotations = getattr(command.callback, "__annotations__", {})
    if len(named) < 2 or annotations.get(MODEL) == options.SeveralModels:
        return [[part for one in named for part in one]]
    return named
