"""The class of all commands: each option once, and `embcli -m MODEL COMMAND` as `embcli COMMAND -m MODEL`."""

from collections import Counter
from typing import Any

from typer.core import TyperCommand, TyperOption

from embcli.errors import UsageProblem


class Command(TyperCommand):
    """A command whose options may be given once, but for those that say otherwise.

    ctx is a typer.Context; typer's own signatures name a class that is private to it.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments. UsageProblem for an option that would be ignored."""
        args = self._with_model(ctx, args)
        if not ctx.resilient_parsing:
            _, _, given = self.make_parser(ctx).parse_args(args=list(args))
            for parameter, count in Counter(given).items():
                if count > 1 and isinstance(parameter, TyperOption) and not (parameter.multiple or parameter.is_flag):
                    option = max(parameter.opts, key=len)
                    raise UsageProblem(f"{option} is given {count} times", "give it once")
        return super().parse_args(ctx, args)

    def _with_model(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments with the model that was named before the command."""
        model = ctx.find_root().params.get("model") if ctx.parent is not None else None
        if model is None:
            return args
        if not any(parameter.name == "model" for parameter in self.params):
            raise UsageProblem(f"{ctx.command_path} asks no model", "leave out -m")
        return ["--model", model, *args]


class NamedModelCommand(Command):
    """A command that takes its model as an argument."""

    def _with_model(self, ctx: Any, args: list[str]) -> list[str]:
        model = ctx.find_root().params.get("model")
        return args if model is None else [model, *args]
