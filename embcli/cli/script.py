"""Scripts of the shell and of demos: plain text, which is also a valid script of a POSIX shell where possible.

    #!/bin/sh                          ignored
    # Analogies                        a block of notes at the beginning is the title
                                       a blank line ends a step
    # King is to man as ...            a note, shown before the command
    embcli analogy king - man + woman  a command: any line that the shell of embcli accepts
    # The inputs are excluded.         a note below the command, shown below its answer
    :pause                             waits for a key before the next step; `: pause` is the same
    :k 5                               a directive, which holds for the steps that follow

A backslash at the end of a line joins it with the next one. Each command is a step, with the notes around it; a block
of notes without a command is a step of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from embcli.cli.interpreter import DIRECTIVES, NOTE
from embcli.errors import BadFile, InputOutputProblem

PAUSE, ASK = "pause", "ask"
INTERPRETER = "#!"
CONTINUED = "\\"
# How a file of `:save` begins: with its title.
SAVED = "#!/bin/sh\n# A session of embcli shell"


class ScriptStep(NamedTuple):
    """A step of a demo. command: empty for notes alone.

    directives: the settings before it. note, shown: the lines of the notes before and below the command. pauses:
    whether to wait for a key before it.
    """

    command: str = ""
    note: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()
    pauses: bool = False


class Script(NamedTuple):
    """A demo: its title in one line, its steps, and the settings of all steps with the numbers of their lines."""

    title: str
    steps: tuple[ScriptStep, ...]
    directives: tuple[tuple[int, str], ...] = ()


def read_script(text: str) -> Script:
    """The steps of a script.

    read_script("# Towers\\n\\n# Which words?\\nnn tower\\n").steps[0].note  # ("Which words?",)
    """
    title, steps, step = "", list[ScriptStep](), ScriptStep()
    lines = [*numbered(text.splitlines()), (0, "")]
    for _, line in lines:
        if _is_ended(step, line):
            if title or steps or step.command:
                steps.append(step)
                step = ScriptStep()
            else:
                title, step = " ".join(step.note), step._replace(note=())
        step = _with_line(step, line)
    return Script(title, tuple(steps), tuple(one for one in lines if _is_setting(one[1])))


def _is_setting(line: str) -> bool:
    """Whether a line is a directive that is neither a pause nor a question."""
    return line.startswith(DIRECTIVES) and _name(line) not in (PAUSE, ASK)


def _name(line: str) -> str:
    """The name of the directive of a line: _name(": pause now")  # "pause"."""
    return (line[1:].split() or [""])[0] if line.startswith(":") else ""


def _is_ended(step: ScriptStep, line: str) -> bool:
    """Whether a line ends the step before it: a blank line, or another command in the same block."""
    if step.command and line and not line.startswith(NOTE):
        return True
    return line == "" and bool(step.command or step.note)


def _with_line(step: ScriptStep, line: str) -> ScriptStep:
    if line.startswith(NOTE):
        text = line.removeprefix(NOTE).strip()
        return step._replace(shown=(*step.shown, text)) if step.command else step._replace(note=(*step.note, text))
    if _name(line) == PAUSE:
        return step._replace(pauses=True)
    if _is_setting(line):
        return step._replace(directives=(*step.directives, line))
    return step._replace(command=line) if line else step


def read_script_file(path: Path) -> Script:
    """The steps of a file. Raises InputOutputProblem; BadFile if it is not UTF-8, or has no steps."""
    try:
        script = read_script(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not UTF-8", "convert it to UTF-8") from None
    except OSError as error:
        raise InputOutputProblem(f"cannot read {path}: {error.strerror}", "check the path") from error
    if not any(step.command for step in script.steps):
        raise BadFile(f"{path} has no commands", "write one a line, such as embcli analogy king - man + woman")
    return script


def joined(lines: Iterable[str]) -> Iterator[str]:
    """The lines without blanks around them; those that end in a backslash are joined with the next; `#!` is left out.

    list(joined(["nn tower \\\\", "  -k 3"]))  # ["nn tower -k 3"]
    """
    return (line for _, line in numbered(lines))


def numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The same with the number of the last line of each, from 1."""
    before, number = "", 0
    for number, line in enumerate(lines, start=1):
        if number == 1 and line.startswith(INTERPRETER):
            continue
        text = f"{before} {line.strip()}".strip()
        is_continued = text.endswith(CONTINUED) and not text.startswith(NOTE)
        before = text.removesuffix(CONTINUED).rstrip() if is_continued else ""
        if not is_continued:
            yield number, text
    if before:
        yield number, before


def session_text(session: Sequence[str]) -> str:
    """The notes and the commands of a session as a script, whose steps are shown as they were typed.

    Notes at the beginning belong to the first command. Notes that follow an answer stand below it; an empty line in the
    session ends that, and the notes after it belong to the next command.

        session_text(["embcli nn king", "# below", "", "# before", "embcli nn cat"]).split("\\n\\n")[1:]
        # ["embcli nn king\\n# below", "# before\\nembcli nn cat\\n"]
    """
    blocks, block, is_answered = [SAVED], list[str](), False
    for line in [*session, ""]:
        is_note = line.startswith(NOTE)
        if block and is_answered and not is_note:
            blocks.append("\n".join(block))
            block, is_answered = [], False
        if line:
            block.append(line)
            is_answered = is_answered or not is_note
    return "\n\n".join([*blocks, *(["\n".join(block)] if block else [])]) + "\n"
