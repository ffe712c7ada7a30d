"""Every command and every piece of Python in the README, replayed, with its output compared.

A ```console block holds commands after `$ ` and what they print, to stdout and stderr. A ```python block is
run, and a ```text block that follows at once is what it prints. A line that is exactly `...` stands for any
number of lines. Blocks of other languages, such as ```sh for how to install, are not looked at.
"""

import difflib
import io
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from process import LIMIT, environment, settle, share

README = Path(__file__).parent.parent / "README.md"
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^`\n]*\n(?P<body>.*?)^(?P=indent)```[ \t]*$\n?", re.M | re.S)


class Example(NamedTuple):
    """A command or a piece of Python, and its output; None where the README does not show it."""

    language: str
    source: str
    output: str | None


def read_examples(readme: str) -> list[Example]:
    """The examples of a README, in their order."""
    examples: list[Example] = []
    end_of_python = -1  # where the last block ended, if that was Python without output so far
    for block in FENCE.finditer(readme):
        language, body = block["language"], textwrap.dedent(block["body"])
        if language == "console":
            examples += _read_session(body)
        elif language == "python":
            examples.append(Example("python", body, None))
        elif language == "text" and end_of_python >= 0 and not readme[end_of_python : block.start()].strip():
            examples[-1] = examples[-1]._replace(output=body)
        end_of_python = block.end() if language == "python" else -1
    return examples


def _read_session(body: str) -> list[Example]:
    examples: list[Example] = []
    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command += "\n" + next(lines).removeprefix("> ")
            assert re.match(r"embcli\b|.*[|;] *embcli\b", command, re.S), f"not a command of embcli: {command}"
            examples.append(Example("console", command, ""))
        else:
            assert examples, f"a console block begins with a command, not with: {line}"
            examples[-1] = examples[-1]._replace(output=f"{examples[-1].output}{line}\n")
    return examples


def replay(examples: Sequence[Example], home: Path, folder: Path) -> list[str]:
    """Run examples in a folder, one after the other; returns how outputs differ from what is shown."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    namespace: dict[str, Any] = {"__name__": "__main__"}
    differences = []
    for example in examples:
        if example.language == "console":
            output = subprocess.run(
                ["sh", "-c", example.source], cwd=folder, env=environment(home, PATH=path), timeout=LIMIT,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            ).stdout.decode()  # fmt: skip
        else:
            with redirect_stdout(io.StringIO()) as printed:
                exec(compile(example.source, "README.md", "exec"), namespace)
            output = printed.getvalue()
        if example.output is not None and not matches(output, example.output):
            shown, real = example.output.splitlines(), output.splitlines()
            diff = difflib.unified_diff(shown, real, "README.md", "really", lineterm="", n=99)
            differences.append("\n".join([f"$ {example.source}", *diff]))
    return differences


def matches(output: str, shown: str) -> bool:
    """Whether an output is what is shown; `...` on a line of its own is any number of lines."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "..." else re.escape(line) + r"\n" for line in shown.rstrip("\n").split("\n")
    )
    return re.fullmatch(pattern, output.rstrip("\n") + "\n") is not None


def test_the_readme_has_commands_and_python_and_each_is_replayed() -> None:
    readme = README.read_text()
    examples = read_examples(readme)
    assert len(re.findall(r"^ *\$ ", readme, re.M)) == sum(example.language == "console" for example in examples) > 0
    assert len(re.findall(r"^ *```python", readme, re.M)) == sum(e.language == "python" for e in examples) > 0
    assert len(re.findall(r"^ *```", readme, re.M)) == 2 * len(FENCE.findall(readme))


@pytest.mark.slow
def test_every_example_of_the_readme_prints_what_the_readme_shows(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = share(home, tmp_path / "home")
    settle(monkeypatch, mine)
    monkeypatch.chdir(tmp_path)
    differences = replay(read_examples(README.read_text()), mine, tmp_path)
    assert not differences, "\n\n".join(differences)


SAMPLE = """\
# A sample

```sh
$ touch ruined
```

```console
$ echo 'king' | embcli lookup - \\
>   -m nope
embcli: some error

$ embcli --version && printf 'one\\n\\ntwo\\n' >&2
...
one

two
```

1. In a list:

   ```python
   total = 1
   print(total)
   ```

   ```text
   1
   ```

```python
print(total + 1)
```

Some words between.

```text
not the output
```
"""


def test_replay_reads_commands_and_python_and_leaves_the_rest_alone() -> None:
    examples = read_examples(SAMPLE)
    assert [example.source for example in examples] == [
        "echo 'king' | embcli lookup - \\\n  -m nope",
        "embcli --version && printf 'one\\n\\ntwo\\n' >&2",
        "total = 1\nprint(total)\n",
        "print(total + 1)\n",
    ]
    assert [example.output for example in examples[1:]] == ["...\none\n\ntwo\n", "1\n", None]


@pytest.mark.parametrize(
    ("change", "by", "differing"),
    [
        ("two\n```", "two\n```", 0),
        ("two\n```", "too\n```", 1),
        ("two\n```", "two\nthree\n```", 1),
        ("...\none", "one", 1),
        ("1\n   ```", "2\n   ```", 1),
    ],
)
def test_replay_reports_every_example_that_prints_something_else(
    change: str, by: str, differing: int, home: Path, tmp_path: Path
) -> None:
    assert change in SAMPLE
    examples = read_examples(SAMPLE.replace(change, by))
    assert len(replay(examples[1:], home, tmp_path)) == differing
    assert not (tmp_path / "ruined").exists()


def test_replay_joins_a_command_of_several_lines_and_reads_its_errors_too(home: Path, tmp_path: Path) -> None:
    [difference] = replay(read_examples(SAMPLE)[:1], home, tmp_path)
    assert '+embcli: there is no model "nope"; ' in difference


@pytest.mark.parametrize(
    ("output", "shown", "same"),
    [
        ("a\nb\nc\n", "a\nb\nc\n", True),
        ("a\nb\nc\n", "a\n...\nc\n", True),
        ("a\nc\n", "a\n...\nc\n", True),
        ("a\nb\n", "...\n", True),
        ("a\nb\n", "a\n", False),
        ("a\nb\n", "a\n....\n", False),
        ("a\nb\n", "a\n ...\n", False),
        ("a\nb\n", "", False),
        ("", "", True),
        ("a \n", "a\n", False),
        ("a.c\n", "abc\n", False),
        ("abc\n", "a.c\n", False),
    ],
)
def test_only_a_line_of_three_dots_stands_for_other_lines(output: str, shown: str, same: bool) -> None:
    assert matches(output, shown) is same


def test_a_command_of_another_program_belongs_into_a_block_of_sh() -> None:
    with pytest.raises(AssertionError, match="not a command of embcli: pip install"):
        read_examples("```console\n$ pip install 'embcli[glove]'\n```\n")
