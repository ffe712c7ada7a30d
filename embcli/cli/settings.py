"""Settings of a running program: the options that it adds to a command line which does not give them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import typer
from typer.core import TyperOption

from embcli.cli import options
from embcli.cli.advice import for_unknown_option, readable
from embcli.cli.command import Command
from embcli.errors import EmbcliError, UsageProblem

# Commands that ask no question; of some of them the format can be set, and nothing else.
NOT_ASKING = ("models", "shell", "demo", "schema", "help")
WITH_FORMAT = ("models", "demo")
# Short for values of --format. A line that gives one of these parameters has a format.
SHORT_FORMATS = ("json", "jsonl", "plain")
OF_FORMAT = {"format_name", "as_json", "as_jsonl"}
MODEL = "model"
# A parameter of a command that has an effect only beside another one, and is an error without it.
NEEDS = {
    "softmax k": "everything",
    "project top": "scan",
    "analogy skip_unknown": "among",
    "neighbors skip_unknown": "among",
    "predict seed": "sample",
    "predict tokens": "sample",
    "attend head": "layer",
    "attend temperature": "head",
}
# Parameters that another one excludes: given logits come from no model, and pairs stand in their own order.
EXCLUDES = {
    "softmax logits": {MODEL, "metric", "everything", "k"},
    "project pairs": {"sort"},
    "analogy among": {"top"},
    "neighbors among": {"top"},
}


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
        found = [*self._options(name)]
        if not found:
            raise self._unknown(name)
        parameters, problems = dict[str, str](), []
        for path, command, option in found:
            problem = _problem(command, option, value)
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
        excluded = set().union(*(EXCLUDES.get(f"{path} {name}", set()) for name in given))
        excluded |= given | (OF_FORMAT if given & OF_FORMAT else set())
        known = given | {one.parameters[path] for one in self.options.values() if path in one.parameters}
        added = []
        for setting in self.options.values():
            name = setting.parameters.get(path, "")
            if name and name not in excluded and NEEDS.get(f"{path} {name}", name) in known:
                added += setting.arguments
        takes_model = any(parameter.name == MODEL for parameter in command.params)
        models = self.models if takes_model and MODEL not in excluded else ()
        return [[*named, *added, *arguments] for named in _as_options(models, command)]

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
        if isinstance(one, TyperOption) and one.name != MODEL and (asks(path) or is_for_all):
            yield one


def _problem(command: Command, option: TyperOption, value: str | None) -> str:
    """Why an option cannot have a value; empty if it can."""
    name = max(option.opts, key=len)
    if option.is_flag:
        return f'{name} takes no value, so "{value}" has no meaning' if value is not None else ""
    if value is None:
        return f"{name} needs a value"
    try:
        option.type_cast_value(typer.Context(command), [value] if option.multiple else value)
    except typer.TyperException as error:
        return readable(error.format_message().rstrip("."))
    return ""


def _as_options(models: tuple[str, ...], command: Command) -> list[list[str]]:
    """Models as options, all together if the command compares models, else each alone."""
    named = [["-m", model] for model in models]
    annotations = getattr(command.callback, "__annotations__", {})
    if len(named) < 2 or annotations.get(MODEL) == options.SeveralModels:
        return [[part for one in named for part in one]]
    return named
