"""The main help, in groups with one example per command, and the command `help`."""

from itertools import pairwise
from typing import Annotated, Any

import typer

from embcli.cli.command import Group, first_line
from embcli.errors import UsageProblem

GROUPS = {
    "Ask": ("analogy", "neighbors", "project", "softmax", "similarity", "odd", "lookup"),
    "Look inside a transformer": ("tokens", "predict", "context", "attend", "shapes"),
    "Show": ("plot", "shell", "demo"),
    "Evaluate": ("evaluate",),
    "Models": ("models",),
    "For scripts": ("schema", "help"),
}
# Options whose value may be left out, which Typer does not support.
SHELL_OPTIONS = ("--install-completion", "--show-completion")
GROUPS_OF_COMMANDS = ("evaluate", "models")
ENVIRONMENT = (
    ("EMBCLI_ENGINE", "How large models are searched: auto, local or int8.  [default: auto]"),
    ("EMBCLI_HOME", "The folder of the models.  [default: the user's data folder]"),
    ("EMBCLI_MODEL", "The model to use without -m."),
    ("NO_COLOR", "Any value turns colours off."),
)
STATUSES = (
    ("0", "Answered."),
    ("1", 'Answered "no": the word of --expect is not first, or no question is covered.'),
    ("2", "Wrong usage, or a broken input file."),
    ("3", "A word is not in the vocabulary, or a model is not installed."),
    ("4", "Input or output failed: a missing file, a full disk, no network."),
    ("5", "A model's file is damaged."),
    ("130", "Interrupted."),
)
DOCUMENTATION = "`embcli help COMMAND`, `man embcli`, and docs/ or share/doc/embcli."


class MainGroup(Group):
    """The group of all commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments. The options of completion may stand without a shell, which is then an empty text."""
        given = []
        for argument, following in pairwise([*args, "-"]):
            given.append(argument)
            if argument in SHELL_OPTIONS and following.startswith("-"):
                given.append("")
        return super().parse_args(ctx, given)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by groups, each with an example."""
        for group, names in GROUPS.items():
            with formatter.section(group):
                width = max(map(len, names)) if group == "Ask" else len("similarity")
                for name in names:
                    command = self.get_command(ctx, name)
                    formatter.write_dl([(name.ljust(width), first_line(command))])
                    formatter.write(f"{'':{formatter.current_indent + width + 2}}$ {example_of(command)}\n")

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the sections that apply to all commands."""
        for title, rows in (("Environment", ENVIRONMENT), ("Exit status", STATUSES)):
            with formatter.section(title):
                formatter.write_dl(rows)
        with formatter.section("Documentation"):
            formatter.write_text(DOCUMENTATION)


def example_of(command: Any) -> str:
    """The example in the help of a command."""
    return str(command.help).partition("Example: ")[2].partition("\n")[0]


def show_help(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COMMAND]", help="For example: analogy, or models add."),
    ] = None,
) -> None:
    """Show the help of a command.

    Example: embcli help models add
    """
    from embcli.cli.main import build_app

    words = " ".join(command or []).split()  # `help "models add"`, too
    if len(words) > (2 if words and words[0] in GROUPS_OF_COMMANDS else 1):
        raise UsageProblem(f"there is no command {' '.join(words)}", "see: embcli --help")
    build_app(words)([*words, "--help"], prog_name="embcli", standalone_mode=False)
