"""Command classes: options are given once, `-m` may precede the command, former option names work."""

from collections import Counter
from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption

from embcli.cli.session import note
from embcli.errors import UsageProblem

# Present option names → former names; help lists the present names only.
FORMER = {"--vocab": "--top"}
# Commands whose answer is a picture; the suffixes of files of pictures and of tables.
DRAWING_COMMANDS = {"plot"}
PICTURE_FILES, TABLE_FILES = ("svg", "png", "pdf", "html", "json", "txt"), ("svg", "html", "txt")
# Commands whose help does not list `-o`, which they refuse: each answer would replace the file of the one before.
WITHOUT_FILES = {"shell"}
# gensim's `topn` is the number of answers; so small a vocabulary was probably meant as that.
FEW_WORDS = 100
PLAIN, PLAIN_HELP = "--plain", "Short for --format plain: tables in words, for screen readers."
OUTPUT, THEME = ["-o", "--output"], ["--theme"]
OUTPUT_HELP = "Write the {what} to a file, not to stdout: {suffixes}."
THEME_HELP = "Colours of the file of -o: light or dark.  [default: light; in .html the reader's]"


class WithFormats:
    """A command with `--plain`, short for `--format plain`, with `-o FILE` and its `--theme`, if it has formats."""

    name: str | None
    params: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [place for place, parameter in enumerate(self.params) if "--jsonl" in parameter.opts]
        if places:
            plain = TyperOption(param_decls=[PLAIN], is_flag=True, expose_value=False, help=PLAIN_HELP)
            self.params[places[0] + 1 : places[0] + 1] = [plain, *self._file_options()]

    def make_parser(self, ctx: Any) -> Any:
        """The parser, for which `--plain` is a value of `--format`."""
        parser = super().make_parser(ctx)  # type: ignore[misc]
        for parameter in self.params:
            if parameter.name == "format_name":
                parser.add_option(obj=parameter, opts=[PLAIN], dest="format_name", action="store_const", const="plain")
        return parser

    def invoke(self, ctx: Any) -> Any:
        """Run the command; with `-o`, its answer goes to the file. Raises UsageProblem for what cannot be written."""
        path, theme = ctx.meta.get(OUTPUT[0]), ctx.meta.get(THEME[0])
        if path is None and theme is None:
            return super().invoke(ctx)  # type: ignore[misc]
        from embcli.cli.output_file import output_of, writing_to
        from embcli.cli.session import output_format

        flags = (ctx.params.get(name) for name in ("format_name", "as_json", "as_jsonl"))
        file = output_of(path, theme, suffixes_of(self.name), output_format(*flags))
        with writing_to(file):
            return super().invoke(ctx)  # type: ignore[misc]

    def _file_options(self) -> list[TyperOption]:
        def keep(ctx: Any, parameter: Any, value: str | None) -> None:
            if value is not None:
                ctx.meta[parameter.opts[0]] = value

        *first, last = (f".{suffix}" for suffix in suffixes_of(self.name))
        what = "picture" if self.name in DRAWING_COMMANDS else "table"
        output_help = OUTPUT_HELP.format(what=what, suffixes=f"{', '.join(first)} or {last}")
        return [
            TyperOption(
                param_decls=opts,
                metavar=metavar,
                help=text,
                expose_value=False,
                callback=keep,
                hidden=self.name in WITHOUT_FILES,
            )
            for opts, metavar, text in ((OUTPUT, "FILE", output_help), (THEME, "THEME", THEME_HELP))
        ]


def suffixes_of(command: str | None) -> tuple[str, ...]:
    """The suffixes of files that a command can write with `-o`: those of pictures, or of tables."""
    return PICTURE_FILES if command in DRAWING_COMMANDS else TABLE_FILES


class Command(WithFormats, TyperCommand):
    """A command that rejects repeated options, except flags and options declared as repeatable.

    ctx is a typer.Context; typer's own signatures use a private class.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments. Raises UsageProblem for an option that would be ignored."""
        args = self._with_model(ctx, self._as_typed(args))
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        is_former = FORMER["--vocab"] in [argument.partition("=")[0] for argument in args]
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for parameter, count in Counter(given).items():
            if count > 1 and isinstance(parameter, TyperOption) and not (parameter.multiple or parameter.is_flag):
                option = max(parameter.opts, key=len)
                option += f" or {PLAIN}" if parameter.name == "format_name" and PLAIN in args else ""
                raise UsageProblem(f"{option} is given {count} times", "give it once")
        rest = super().parse_args(ctx, args)
        if is_former and ctx.params.get("top"):
            self._explain_top(ctx.params["top"])
        return rest

    def given(self, ctx: Any, args: list[str]) -> tuple[dict[str, Any], list[str]]:
        """The options that arguments give, as they are typed, by parameter, and the arguments of no option.

        Raises a TyperException where the parser does.
        """
        values, _, order = self.make_parser(ctx).parse_args(args=self._as_typed(args))
        options = {str(one.name): values.get(one.name) for one in order if isinstance(one, TyperOption)}
        others = [values[one.name] for one in order if not isinstance(one, TyperOption)]
        return options, [text for one in others for text in (one if isinstance(one, tuple) else (one,)) if text]

    def make_parser(self, ctx: Any) -> Any:
        """The parser, which also accepts former option names."""
        parser = super().make_parser(ctx)
        for parameter in self.params:
            for former in (FORMER[name] for name in parameter.opts if name in FORMER):
                parser.add_option(obj=parameter, opts=[former], dest=parameter.name)
        return parser

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first line of the help, never truncated."""
        return first_line(self)

    def _as_typed(self, args: list[str]) -> list[str]:
        args = [f" {argument}" if argument.startswith("- ") else argument for argument in args]  # "- king" is no option
        if not all(map(str.isascii, args)):
            from embcli.cli.pasting import as_typed

            args = as_typed(args, [name for parameter in self.params for name in parameter.opts])
        return args

    def _explain_top(self, words: int) -> None:
        if words > FEW_WORDS:
            return
        counts = any("-k" in parameter.opts for parameter in self.params)
        answers = f"; for {words:,} answers use -k {words}" if counts else ""
        note(f"searching the first {words:,} words{answers}")

    def _with_model(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with the model given before the command."""
        model = ctx.find_root().params.get("model") if ctx.parent is not None else None
        if model is None:
            return args
        if not any(parameter.name == "model" for parameter in self.params):
            raise UsageProblem(f"{ctx.command_path} uses no model", "remove -m")
        return ["--model", model, *args]


class NamedModelCommand(Command):
    """A command that takes its model as an argument."""

    def _with_model(self, ctx: Any, args: list[str]) -> list[str]:
        model = ctx.find_root().params.get("model")
        return args if model is None else [model, *args]


class Group(WithFormats, TyperGroup):
    """A command that has commands. For a mistyped one a similar one is suggested, but never one that deletes."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first argument names. UsageProblem with suggestions for an unknown one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from embcli.cli.advice import for_unknown_command

            hint = for_unknown_command(ctx.command_path, args, self.list_commands(ctx))
            raise UsageProblem(f'there is no command "{args[0]}"', hint)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command. UsageProblem for a model that it would ignore."""
        root = ctx.find_root()
        if ctx is not root and not ctx._protected_args and root.params.get("model") is not None:
            raise UsageProblem(f"{ctx.command_path} uses no model", "remove -m")
        return super().invoke(ctx)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first line of the help, never truncated."""
        return first_line(self)


def first_line(command: Any) -> str:
    """The first line of a command's help."""
    return (command.help or "").strip().partition("\n")[0]
