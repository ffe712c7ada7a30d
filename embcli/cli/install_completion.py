"""`--install-completion` and `--show-completion`: the scripts of `data/` for the user's shell."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shlex import quote

import typer

from embcli.cli.session import note, write
from embcli.errors import UsageProblem

SHELLS = ("bash", "zsh", "fish")
# The line in the start-up file of a shell ends with this, so that it can be found and removed.
MARK = "# completion of embcli"


def install(ctx: typer.Context, shell: str | None) -> None:
    """Install completion for a shell, by default for the current one. Raises UsageProblem for an unknown shell.

    fish loads the script by itself; the start-up file of bash or zsh gets one line that loads it.
    """
    if shell is None or ctx.resilient_parsing:
        return
    shell = _checked(shell)
    path, startup = _places(shell, os.environ)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script(shell), "utf-8")
    write(f"completion for {shell} is installed in {path}\n")
    if startup is not None:
        _add_line(startup, f"[ -f {quote(str(path))} ] && . {quote(str(path))} {MARK}")
        write(f"{startup} loads it\n")
    write("it works in new shells\n")
    raise typer.Exit


def show(ctx: typer.Context, shell: str | None) -> None:
    """Print the script for a shell, by default for the current one. Raises UsageProblem for an unknown shell."""
    if shell is None or ctx.resilient_parsing:
        return
    write(script(_checked(shell)))
    raise typer.Exit


def script(shell: str) -> str:
    """The completion script for bash, zsh or fish."""
    from importlib.resources import files

    return files("embcli").joinpath("data", f"completion.{shell}").read_text("utf-8")


def _checked(shell: str) -> str:
    """The name of a shell that has a script; that of the current shell for an empty name."""
    if not shell:
        return _current_shell()
    if shell not in SHELLS:
        raise UsageProblem(f'there is no completion for "{shell}"', f"name one of {', '.join(SHELLS)}")
    return shell


def _current_shell() -> str:
    """The shell that runs embcli, else that of $SHELL, with a note. Raises UsageProblem if neither is known."""
    found = []
    with suppress(OSError):  # only Linux has this file
        found.append((Path(f"/proc/{os.getppid()}/comm").read_text().strip(), "which runs embcli"))
    found.append((Path(os.environ.get("SHELL", "")).name, "which $SHELL names"))
    for shell, why in found:
        if shell in SHELLS:
            named = next((option for option in sys.argv if option.endswith("-completion")), "--install-completion")
            note(f"for {shell}, {why}; for another shell: embcli {named} {'|'.join(SHELLS)}")
            return shell
    raise UsageProblem("the current shell is not known", f"name it: {', '.join(SHELLS)}")


def _places(shell: str, environment: Mapping[str, str]) -> tuple[Path, Path | None]:
    """The file of the script, and the start-up file that loads it, if the shell needs one."""
    config = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    if shell == "fish":
        return config / "fish" / "completions" / "embcli.fish", None
    folder = Path(environment.get("ZDOTDIR") or Path.home()) if shell == "zsh" else Path.home()
    return config / "embcli" / f"completion.{shell}", folder / f".{shell}rc"


def _add_line(file: Path, line: str) -> None:
    """Append a line to a start-up file, unless it is there."""
    content = file.read_bytes() if file.exists() else b""
    if line.encode() in content.splitlines():
        return
    with file.open("ab") as end:
        end.write((b"\n" if content and not content.endswith(b"\n") else b"") + line.encode() + b"\n")
