"""Replay of all examples in README.md and docs/; all commands and options are documented; the lessons are complete."""

import re
from pathlib import Path

import pytest
from documents import (
    FENCE,
    ROOT,
    asks_milvus,
    differences,
    matches,
    nearly_matches,
    outdated,
    read_examples,
    replay,
    rewritten,
)
from process import asks_transformers, settle, share
from reference import DOCS, commands, manual, reference

README = ROOT / "README.md"
DOCUMENTS = [README, *sorted(DOCS.glob("*.md"))]
# Written by hand; the reference is generated.
WRITTEN = [path for path in DOCUMENTS if path.name != "reference.md"]
CLAIMS = 32  # number of claims in the lessons
names = [path.name for path in WRITTEN]


@pytest.mark.parametrize("path", WRITTEN, ids=names)
def test_each_command_and_each_piece_of_python_is_replayed(path: Path) -> None:
    text = path.read_text("utf-8")
    examples = read_examples(text)
    assert len(re.findall(r"^ *\$ ", text, re.M)) == sum(example.language == "console" for example in examples)
    assert len(re.findall(r"^ *```python", text, re.M)) == sum(e.language == "python" for e in examples)
    assert len(re.findall(r"^ *```", text, re.M)) == 2 * len(FENCE.findall(text))
    assert examples or path.name in ("design.md", "speed.md")


@pytest.mark.slow
@pytest.mark.parametrize("path", WRITTEN, ids=names)
def test_every_example_prints_what_the_document_shows(
    path: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    text = path.read_text("utf-8")
    known = request.getfixturevalue("transformers_home") if asks_transformers(text) else home
    mine = share(known, tmp_path / "home", text)
    settle(monkeypatch, mine)
    work = tmp_path / "work"
    work.mkdir()
    examples = read_examples(text)
    port = request.getfixturevalue("milvus").port if asks_milvus(text) else None
    found = differences(examples, replay(examples, mine, work, port))
    assert not found, "\n\n".join(found)
    assert outdated(work) == []


def test_numbers_of_a_forward_pass_may_differ_by_one_unit_in_the_last_digit() -> None:
    assert nearly_matches("Paris 0.123 ██▏\n", "Paris 0.124 ██\n")
    assert not nearly_matches("Paris 0.123\n", "Paris 0.125\n")
    assert not nearly_matches("Paris 0.123\n", "London 0.123\n")
    assert not nearly_matches("Paris 0.123 0.5\n", "Paris 0.123\n")


def test_the_reference_and_the_manual_page_are_those_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    hint = "run: python tests/reference.py"
    assert (DOCS / "reference.md").read_text("utf-8") == reference(), hint
    assert (DOCS / "embcli.1").read_text("utf-8") == manual(), hint


def test_every_command_and_option_stands_in_a_document_that_people_write() -> None:
    text = "\n".join(path.read_text("utf-8") for path in WRITTEN)
    missing = []
    for path, command in commands():
        if not re.search(rf"embcli {path}\b|`{path}\b", text):
            missing.append(path)
        for parameter in command.params:
            options = [name for name in getattr(parameter, "opts", ()) if name.startswith("-")]
            if options and not any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for name in options):
                missing.append(f"{path} {options[0]}")
    assert not missing


def test_the_lessons_hold_each_claim_once_and_say_what_cannot_be_shown_yet() -> None:
    text = (DOCS / "lessons.md").read_text("utf-8")
    headings = re.split(r"^## (\d+)\. .+$", text, flags=re.M)
    assert [int(number) for number in headings[1::2]] == list(range(1, CLAIMS + 1))
    for number, section in zip(headings[1::2], headings[2::2], strict=True):
        assert "$ embcli" in section or "| embcli" in section or "**Not yet.**" in section, f"claim {number}"


def test_the_readme_is_short_and_links_to_every_document() -> None:
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= 150
    for path in DOCUMENTS[1:]:
        assert f"(docs/{path.name}" in text, path.name


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.name for path in DOCUMENTS])
def test_every_link_leads_to_a_heading_or_a_file(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]*(?:#[^)]*)?)\)", FENCE.sub("", path.read_text("utf-8"))):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        other = path.parent / file if file else path
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text("utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_tour_of_the_code_names_every_file() -> None:
    tour = (DOCS / "design.md").read_text("utf-8")
    for path in sorted((ROOT / "embcli").rglob("*.py")):
        name = path.relative_to(ROOT / "embcli").as_posix()
        assert f"`{name}`" in tour or (name.endswith("/__init__.py")), name


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
    assert len(differences(examples[1:], replay(examples[1:], home, tmp_path))) == differing
    assert not (tmp_path / "ruined").exists()


@pytest.mark.parametrize(
    ("source", "printed"),
    [("a = 2\na + 1", "3\n"), ("print(1)\n'é'", "1\n'é'\n"), ("print(1)", "1\n"), ("a = 1", ""), ("None", "")],
)
def test_python_is_run_like_the_cell_of_a_notebook(source: str, printed: str, home: Path, tmp_path: Path) -> None:
    assert replay(read_examples(f"```python\n{source}\n```\n"), home, tmp_path) == [printed]


def test_a_document_is_rewritten_with_what_its_examples_print(home: Path, tmp_path: Path) -> None:
    wrong = SAMPLE.replace("two\n```", "too\n```").replace("   1\n   ```", "   2\n   ```")
    assert wrong != SAMPLE
    examples = read_examples(wrong)[1:2]
    assert rewritten(wrong, examples, replay(examples, home, tmp_path)).count("too") == 0


def test_replay_joins_a_command_of_several_lines_and_reads_its_errors_too(home: Path, tmp_path: Path) -> None:
    examples = read_examples(SAMPLE)[:1]
    [difference] = differences(examples, replay(examples, home, tmp_path))
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
