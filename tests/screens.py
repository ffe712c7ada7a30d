"""What a terminal of a given size shows of a command, as pyte draws it."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pyte
from process import LIMIT, environment


def screen_of(
    arguments: list[str], home: Path, *, columns: int = 80, lines: int = 24, **changes: str
) -> pyte.HistoryScreen:
    """The screen after a command, with the prompt of a shell in the line below what it printed."""
    terminal, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environ = environment(home, **{"TERM": "xterm-256color", "LANG": "C.UTF-8", **changes})
    command = [sys.executable, "-m", "embcli", *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=other, stderr=other, env=environ) as process:
        os.close(other)
        written = bytearray()
        try:
            while read := os.read(terminal, 65536):
                written += read
        except OSError:  # Linux: the other end is closed
            pass
        os.close(terminal)
        assert process.wait(LIMIT) == 0, written.decode(errors="replace")
    screen = pyte.HistoryScreen(columns, lines)
    pyte.ByteStream(screen).feed(bytes(written) + b"ready> ")
    return screen


def colours_of(screen: pyte.Screen) -> set[str]:
    """The colours of the text on a screen."""
    return {screen.buffer[y][x].fg for y in range(screen.lines) for x in range(screen.columns)}
