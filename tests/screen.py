"""A program on a pseudo-terminal whose screen is emulated by pyte, as a person sees it."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import pyte
from process import environment

# Seconds after which the program hangs.
PATIENCE = 60
TAB, ENTER, CTRL_C, CTRL_D, UP, RIGHT = "\t", "\r", "\x03", "\x04", "\x1b[A", "\x1b[C"
PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"


class Screen:
    """embcli on a terminal of some columns and lines; its text, and the keys that it gets."""

    def __init__(self, *arguments: str, home: Path, columns: int = 80, lines: int = 24, **changes: str) -> None:
        environ = {**environment(home), "TERM": "xterm", "LANG": "C.UTF-8", **changes}
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.execve(sys.executable, [sys.executable, "-m", "embcli", *arguments], environ)
        self._screen = pyte.HistoryScreen(columns, lines, history=10_000)
        self._stream = pyte.ByteStream(self._screen)
        self.output = b""
        self.status: int | None = None
        self._set_size(columns, lines)

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.status is None:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        os.close(self._terminal)

    @property
    def text(self) -> str:
        """What the screen shows, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def last_line(self) -> str:
        """The line of the cursor."""
        return self._screen.display[self._screen.cursor.y].rstrip()

    def type(self, keys: str) -> None:
        """Type keys."""
        os.write(self._terminal, keys.encode())

    def press(self, key: str) -> "Screen":
        """Press a key until the screen changes: a program may drop keys that come before it waits for one."""
        before, begun = self.text, time.monotonic()
        while self.text == before and self.status is None:
            assert time.monotonic() - begun < PATIENCE, f"the key has no effect:\n{self.text}"
            self.type(key)
            pressed = time.monotonic()
            while self.text == before and self.status is None and time.monotonic() - pressed < 1:
                self._read()
        return self

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal, of which the program is notified."""
        self._screen.resize(lines, columns)
        self._set_size(columns, lines)
        os.kill(self._process, signal.SIGWINCH)

    def wait_for(self, what: str | Callable[["Screen"], bool]) -> "Screen":
        """Wait until the screen shows a text, or a condition holds."""
        holds = what if callable(what) else lambda screen: what in screen.text
        begun = time.monotonic()
        while not holds(self):
            assert self.status is None, f"the program ended with {self.status}:\n{self.text}"
            assert time.monotonic() - begun < PATIENCE, f"the program hangs:\n{self.text}"
            self._read()
        return self

    def wait(self) -> int:
        """Wait for the end of the program; its exit status."""
        begun = time.monotonic()
        while self.status is None:
            assert time.monotonic() - begun < PATIENCE, f"the program does not end:\n{self.text}"
            self._read()
        return self.status

    def _read(self) -> None:
        if not select.select([self._terminal], [], [], 0.2)[0]:
            return
        try:
            piece = os.read(self._terminal, 65536)
        except OSError:  # Linux: the other end is closed
            piece = b""
        if not piece:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        self.output += piece
        self._stream.feed(piece)
        if b"\x1b[6n" in piece:  # the program asks where the cursor is
            cursor = self._screen.cursor
            self.type(f"\x1b[{cursor.y + 1};{cursor.x + 1}R")

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
