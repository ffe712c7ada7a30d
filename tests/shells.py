"""bash, zsh and fish on a pseudo-terminal, as a person uses them."""

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

import pytest
from process import environment

# Seconds after which a shell hangs, for example within quotes that are still open.
PATIENCE = 30
SHELLS = ("bash", "zsh", "fish")
TAB, MENU, START_OF_LINE, LEFT = "\t", "\x0f", "\x01", "\x1b[D"
READY, ARGUMENTS = "ready> ", re.compile(rb"begin:((?:<[^\r\n]*>)?):end")
# The start-up files: a prompt to wait for; a command that prints its arguments; a key that inserts the candidates in
# turn (Tab does in fish).
STARTUP = {
    ".bashrc": "PS1='ready> '\narguments() { printf 'begin:'; printf '<%s>' \"$@\"; echo :end; }\n"
    "bind 'set enable-bracketed-paste off'\nbind '\"\\C-o\": menu-complete'\n",
    ".zshrc": "PS1='ready> '\narguments() { printf 'begin:'; printf '<%s>' \"$@\"; echo :end }\nunsetopt prompt_sp\n"
    "bindkey -e\nbindkey '^O' menu-complete\n",
    ".config/fish/config.fish": "function fish_prompt; echo -n 'ready> '; end\nfunction fish_greeting; end\n"
    "function arguments; printf 'begin:'; printf '<%s>' $argv; echo :end; end\n",
}


class Shell:
    """An interactive shell in a folder, whose home folder is the same."""

    def __init__(self, name: str, folder: Path, home: Path, **changes: str) -> None:
        self.name, self.folder = name, folder
        variables = {"HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8", "EMBCLI_HOME": str(home)}
        environ = {**environment(home), **variables, **changes}
        environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{environ['PATH']}"
        for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR", "SHELL"):
            environ.pop(variable, None)
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir(folder)
            os.execvpe(name, [name, "-i"], environ)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self._output = b""
        self._read_until(re.compile(re.escape(READY.encode())))

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.kill(self._process, 9)
        os.waitpid(self._process, 0)
        os.close(self._terminal)

    def complete(self, keys: str) -> list[str]:
        """Type keys, with Tab among them; the arguments of the line as the shell then reads it."""
        self._send(f"{keys}{START_OF_LINE}arguments \n")
        text = self._read_until(ARGUMENTS)[1].decode()
        assert text.startswith("<embcli>"), text
        return text[1:-1].split("><")[1:]

    def candidates(self, line: str, count: int) -> list[str]:
        """The last argument of a line with each of the first candidates, in the order of the shell's menu."""
        return [
            self.complete(line + (TAB * (n + 1) if self.name == "fish" else MENU * n))[-1] for n in range(1, count + 1)
        ]

    def run(self, line: str) -> str:
        """Run a command; what it prints."""
        self._send(f"{line}; arguments\n")
        return self._read_until(re.compile(rb"\n((?:.|\n)*)begin:<?>?:end"))[1].decode().replace("\r", "")

    def shown(self, keys: str) -> str:
        """All that the terminal shows while keys are typed, and until the shell is ready again."""
        before = len(self._output)
        self.complete(keys)
        return self._output[before:].decode(errors="replace")

    def _send(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def _read_until(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        """Read until a new part of the output matches."""
        found = self._wait_for(pattern, len(self._output))
        # The prompt that follows, so that keys are not typed while the shell starts a command.
        self._wait_for(re.compile(re.escape(READY.encode())), found.start())
        return found

    def _wait_for(self, pattern: re.Pattern[bytes], start: int) -> re.Match[bytes]:
        begun = time.monotonic()
        while (found := pattern.search(self._output, start)) is None:
            assert time.monotonic() - begun < PATIENCE, f"{self.name} hangs: {self._output[-2000:]!r}"
            if select.select([self._terminal], [], [], 0.2)[0]:
                self._output += os.read(self._terminal, 65536)
        return found


def prepare(name: str, folder: Path, home: Path, before: str = "") -> Path:
    """A folder with start-up files, the program `embcli`, and completion installed for a shell.

    before: what the start-up file contains besides.

    Skips the test on a machine without the shell, but not in CI.
    """
    if shutil.which(name) is None:
        assert "CI" not in os.environ, f"{name} must be installed in CI"
        pytest.skip(f"{name} is not installed")
    for file, text in STARTUP.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(before + text)
    program = folder / "bin" / "embcli"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m embcli "$@"\n')
    program.chmod(0o755)
    variables = {**environment(home), "HOME": str(folder)}
    variables.pop("XDG_CONFIG_HOME", None)
    subprocess.run([program, "--install-completion", name], env=variables, check=True, capture_output=True)
    return folder
