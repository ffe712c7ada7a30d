"""The examples of the documents: read them, replay them, compare their output, or rewrite it.

A ```console block contains commands after `$ ` and their output to stdout and stderr. A ```python block is run like a
cell of a notebook: if it ends with an expression, its value is shown. A ```text block directly after it is its output.
A line that is exactly `...` stands for any number of lines. Blocks of other languages, such as ```sh for installation,
are ignored. Each document is replayed in its own folder. An output to be filled in must have a line.
`python tests/documents.py FILE...` rewrites the outputs in documents, and the pictures in docs/ that these show.
"""

import ast
import difflib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, chdir, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import milvus_server
from process import CLEARED, LIMIT, asks_transformers, environment, share

from embcli.workers import ONE_THREAD

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs"
# The address of a Milvus server in documents; examples are run with the port of one that is started for them.
DOCUMENTED_SERVER = "127.0.0.1:19530"

DECIMAL = re.compile(r"[-+]?\d+\.\d+")
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^`\n]*\n(?P<body>.*?)^(?P=indent)```[ \t]*$\n?", re.M | re.S)


class Example(NamedTuple):
    """A command or Python code, and its output; None if the document does not show it."""

    language: str
    source: str
    output: str | None


def read_examples(document: str) -> list[Example]:
    """The examples of a document, in order."""
    examples: list[Example] = []
    end_of_python = -1  # end of the last block, if it was Python without output so far
    for block in FENCE.finditer(document):
        language, body = block["language"], textwrap.dedent(block["body"])
        if language == "console":
            examples += _read_session(body)
        elif language == "python":
            examples.append(Example("python", body, None))
        elif language == "text" and end_of_python >= 0 and not document[end_of_python : block.start()].strip():
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


def asks_milvus(text: str) -> bool:
    """Whether the examples of a document ask a Milvus server."""
    return f"milvus://{DOCUMENTED_SERVER}" in text


def replay(examples: Sequence[Example], home: Path, folder: Path, port: int | None = None) -> list[str]:
    """Run examples in a folder, one after the other; returns their outputs. port: that of a Milvus server."""
    server = f"127.0.0.1:{port}" if port else DOCUMENTED_SERVER
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    namespace: dict[str, Any] = {"__name__": "__main__"}
    outputs = []
    for example in examples:
        if example.language == "console":
            command = example.source.replace(DOCUMENTED_SERVER, server)
            # Documents are replayed side by side; the threads of two processes would wait for each other.
            output = subprocess.run(
                ["sh", "-c", command], cwd=folder, env=environment(home, PATH=path, **ONE_THREAD), timeout=LIMIT,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            ).stdout.decode()  # fmt: skip
        else:
            with redirect_stdout(io.StringIO()) as printed, chdir(folder):
                run_cell(example.source, namespace)
            output = printed.getvalue()
        outputs.append(output.replace(server, DOCUMENTED_SERVER))
    return outputs


def run_cell(source: str, namespace: dict[str, Any]) -> None:
    """Run Python, and print the `repr` of the value of an expression at its end, unless it is None."""
    *body, last = ast.parse(source).body
    if not isinstance(last, ast.Expr):
        exec(compile(source, "an example", "exec"), namespace)
        return
    exec(compile(ast.Module(body, []), "an example", "exec"), namespace)
    value = eval(compile(ast.Expression(last.value), "an example", "eval"), namespace)
    if value is not None:
        print(repr(value))


def differences(examples: Sequence[Example], outputs: Sequence[str]) -> list[str]:
    """The differences of outputs from those in the document."""
    found = []
    for example, output in zip(examples, outputs, strict=True):
        compare = nearly_matches if asks_transformers(example.source) or "model." in example.source else matches
        if example.output is not None and not compare(output, example.output):
            shown, real = example.output.splitlines(), output.splitlines()
            diff = difflib.unified_diff(shown, real, "shown", "really", lineterm="", n=99)
            found.append("\n".join([f"$ {example.source}", *diff]))
    return found


def nearly_matches(output: str, shown: str) -> bool:
    """Whether an output matches but for its bars and one unit in the last digit of its numbers.

    The forward pass is computed in float32 by BLAS, whose order of sums depends on the processor.
    """
    texts, numbers = [], []
    for text in (output, shown):
        plain = re.sub(r"[█▏▎▍▌▋▊▉─ ]+", " ", re.sub(r"(?m)[█▏▎▍▌▋▊▉ ]+$", "", text)).rstrip()
        texts.append(re.sub(DECIMAL, "#", plain))
        numbers.append(re.findall(DECIMAL, plain))
    if texts[0] != texts[1]:
        return False
    return all(
        abs(float(a) - float(b)) <= 1.5 * 10.0 ** -min(len(a.partition(".")[2]), len(b.partition(".")[2]))
        for a, b in zip(*numbers, strict=True)
    )


def rewritten(document: str, examples: Sequence[Example], outputs: Sequence[str]) -> str:
    """A document with new outputs of its examples; outputs with `...` are kept if they match."""
    place = 0
    for example, output in zip(examples, outputs, strict=True):
        place = document.index(example.source, place) + len(example.source)
        if example.output is None or matches(output, example.output):
            continue
        if example.output:  # below its command, or in the next block
            place = document.index(example.output.rstrip("\n"), place)
        shown = example.output.rstrip("\n")
        new = output.rstrip("\n") if shown else "\n" + output.rstrip("\n")
        document = document[:place] + new + document[place + len(shown) :]
        place += len(new)
    return document


def outdated(folder: Path) -> list[Path]:
    """The SVG files in a folder that have other texts or other numbers of elements than those of the documents.

    Not other coordinates, whose last digits depend on the processor.
    """
    return [
        picture
        for picture in folder.glob("*.svg")
        if (known := PICTURES / picture.name).exists() and _content(picture) != _content(known)
    ]


def _content(picture: Path) -> tuple[list[str], Counter[str]]:
    elements = [*ElementTree.parse(picture).iter()]
    return [element.text or "" for element in elements], Counter(element.tag for element in elements)


def matches(output: str, shown: str) -> bool:
    """Whether an output matches the one in the document; a line `...` matches any number of lines."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "..." else re.escape(line) + r"\n" for line in shown.rstrip("\n").split("\n")
    )
    return re.fullmatch(pattern, output.rstrip("\n") + "\n") is not None


if __name__ == "__main__":
    for name in CLEARED:
        os.environ.pop(name, None)
    data_dir = Path(os.environ["EMBCLI_HOME"])  # with the model glove
    for path in map(Path, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as temporary:
            home = share(data_dir, Path(temporary, "home"), path.read_text("utf-8"))
            os.environ["EMBCLI_HOME"] = str(home)
            work = Path(temporary, "work")
            work.mkdir()
            document = path.read_text("utf-8")
            examples = read_examples(document)
            with ExitStack() as stack:
                port = None
                if asks_milvus(document):
                    port = stack.enter_context(milvus_server.running(Path(temporary, "milvus"))).port
                outputs = replay(examples, home, work, port)
            path.write_text(rewritten(document, examples, outputs), "utf-8")
            for picture in outdated(work):
                shutil.copyfile(picture, PICTURES / picture.name)
