"""The option `-o FILE`: an answer as a file, a table as a slide or a picture, instead of text on stdout."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any, NamedTuple

from embcli.errors import InputOutputProblem, UsageProblem

THEME_NAMES = ("light", "dark")
WITHOUT_COLOURS = ("txt",)
KILOBYTE = 1000


class OutputFile(NamedTuple):
    """The file of `-o`. theme: light or dark; None if not given."""

    path: Path
    theme: str | None = None

    @property
    def suffix(self) -> str:
        """The format, by the file's name: svg."""
        return self.path.suffix[1:].lower()

    def write_slide(self, text: str) -> None:
        """Write a table, given as text with the codes of colours. Raises InputOutputProblem."""
        from embcli.render.slide import slide

        self._write(slide(text, self.suffix, self.theme).encode())

    def write_picture(self, record: Any, space: Any, question: Any) -> None:
        """Write the picture of an answer; as .txt that of the terminal. Raises InputOutputProblem, UsageProblem.

        space, question: what was asked, of which a page shows the neighbours of each point.
        """
        if self.suffix == "txt":
            from embcli.render import picture

            self.write_slide(picture(record, on_slide=True))
            return
        from embcli.plot.points import chosen_vectors
        from embcli.plot.question import PlotQuestion
        from embcli.plot.vega import draw_file
        from embcli.render.readable import printed, readable

        has_neighbors = self.suffix == "html" and isinstance(question, PlotQuestion)
        vectors = chosen_vectors(space, question) if has_neighbors else None
        self._write(draw_file(printed(readable(record)), self.suffix, self.theme, vectors))

    def _write(self, content: bytes) -> None:
        with whole_file(self.path) as file:
            file.write(content)
        if sys.stderr is not None and sys.stderr.isatty():
            from embcli.cli.session import note

            size = len(content)
            note(f"{self.path}: {size / KILOBYTE:,.0f} kB" if size >= KILOBYTE else f"{self.path}: {size} bytes")


def output_of(path: str | None, theme: str | None, suffixes: Sequence[str], format_name: str | None) -> OutputFile:
    """The file that the options select. suffixes: those that the command can write. format_name: of `--format`.

    Raises UsageProblem for another suffix, and for options that contradict each other or have no effect;
    InputOutputProblem if there is no such folder, before the work that the command is.
    """
    if path is None:
        raise UsageProblem("--theme applies only to -o", "add -o FILE, or remove it")
    if theme not in (None, *THEME_NAMES):
        raise UsageProblem(f'unknown theme "{theme}"', f"use {' or '.join(THEME_NAMES)}")
    file = OutputFile(Path(path), theme)
    *first, last = (f".{suffix}" for suffix in suffixes)
    if file.suffix not in suffixes:
        raise UsageProblem(f'"{path}" has no known suffix', f"end the name in {', '.join(first)} or {last}")
    if format_name is not None:
        raise UsageProblem(
            f"-o and --format {format_name} contradict each other",
            f"remove one of them; {format_name} goes to a file with > FILE",
        )
    if theme is not None and file.suffix in WITHOUT_COLOURS:
        raise UsageProblem(f"--theme does not apply to .{file.suffix}", "remove it")
    if not file.path.parent.is_dir():
        raise InputOutputProblem(f"{path}: there is no folder {file.path.parent}", "make it, or choose another one")
    return file


# The file of the command that runs.
_current: ContextVar[OutputFile | None] = ContextVar("output_file", default=None)


def output_file() -> OutputFile | None:
    """The file that the command writes its answer to, if not to stdout."""
    return _current.get()


def refuse_output_file(program: str) -> None:
    """Raise UsageProblem for `-o` of a program of many answers, each of which would replace the file."""
    if output_file() is not None:
        raise UsageProblem(
            f"-o writes one answer, and a {program} has many", "give -o to a command of it, or use > FILE"
        )


@contextmanager
def writing_to(file: OutputFile | None) -> Iterator[None]:
    """Let a command write its answer to a file."""
    token = _current.set(file)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def whole_file(path: Path, mode: str = "wb", **how: Any) -> Iterator[IO[Any]]:
    """A file to write to, which has its name only when it is whole; a link is followed. Raises InputOutputProblem.

    with whole_file(Path("king.svg")) as file: file.write(b"<svg/>")
    """
    target = Path(os.path.realpath(path))
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with unfinished.open(mode, **how) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    except OSError as error:
        raise InputOutputProblem(
            f"{path}: {error.strerror or error}", "check the path, the permissions and the free space"
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
