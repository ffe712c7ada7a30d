"""Completion: what may stand at the cursor, and that bash, zsh and fish insert it as it must be typed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from process import Outcome, add_store, ask, environment, settle, start
from shells import LEFT, SHELLS, STARTUP, TAB, Shell, prepare

from embcli.cli.completers import LISTED_WORDS
from embcli.cli.main import COMMANDS
from embcli.cli.quoting import Argument, split_line
from embcli.results.schemas import schema_names
from embcli.store.write import write_store

# By frequency. The words of the second line are special to a shell; those of the third are left out.
WORDS = (
    *("the", "king", "man", "kind", "woman", "kingdom", "queen", "kin"),
    *("don't", "r&b", "a;b", "x|y", "c#1", "~til", "5>4", "[br", "{brace", "café", "p$x", "e-mail", "zo^"),
    *(
        "new york",
        'say"so',
        "say`so",
        "no:on",
        "no,on",
        "no(on",
        "no!on",
        "no\\on",
        "-no",
        "no\u202eon",
        "+",
        "-",
        "no*on",
    ),
)


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data dir with the models `toy` and `other`, of which `toy` is the default."""
    home = tmp_path_factory.mktemp("toys")
    add_store(home, "toy", {word: [1.0, float(row)] for row, word in enumerate(WORDS)})
    add_store(home, "other", {"otter": [1.0, 0.0], "quokka": [0.0, 1.0]})
    (home / "default").write_text("toy\n")
    return home


@pytest.fixture
def _toys(monkeypatch: pytest.MonkeyPatch, toys: Path) -> None:
    settle(monkeypatch, toys)


def candidates(*arguments: str, behind: tuple[str, ...] = ()) -> list[str]:
    """The candidates for the last of the arguments, with other arguments behind the cursor; `[FILES]` for files."""
    outcome = ask("_complete", "fish", str(len(arguments) - 1), arguments[-1], *arguments, *behind)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    return ["[FILES]" if line == "\t" else line.partition("\t")[0] for line in lines]


KINGS = ["king", "kind", "kingdom", "kin"]


@pytest.mark.usefixtures("_toys")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["analogy", "king", "-", "ma"], ["man"]),
        (["analogy", "king - man + wom"], ["king - man + woman"]),
        (["analogy", "man:king::wom"], ["man:king::woman"]),
        (["analogy", "2*(que"], ["2*(queen"]),
        (["neighbors", "ki"], KINGS),
        (["nn", "ki"], KINGS),
        (["nn", "--", "ki"], KINGS),
        (["project", "ki"], KINGS),
        (["plot", "ki"], KINGS),
        (["plot", "--neighbors", "ki"], KINGS),
        (["plot", "--groups", "royal:queen,ki"], [f"royal:queen,{word}" for word in KINGS]),
        (["plot", "--axes", "queen - ki"], [f"queen - {word}" for word in KINGS]),
        (["plot", "--arrows", "man:woman,ki"], [f"man:woman,{word}" for word in KINGS]),
        (["plot", "--words", "wo"], ["[FILES]"]),
        (["plot", "--method", "t"], ["tsne"]),
        (["project", "queen - ki"], [f"queen - {word}" for word in KINGS]),
        (["project", "queen - king", "ki"], KINGS),
        (["project", "queen", "--pairs", "man:woman,king:que"], ["man:woman,king:queen"]),
        (["softmax", "king", "wom"], ["woman"]),
        (["similarity", "king", "wom"], ["woman"]),
        (["similarity", "man:que"], ["man:queen"]),
        (["odd", "king", "wom"], ["woman"]),
        (["lookup", "e-"], ["e-mail"]),
        (["lookup", "caf"], ["café"]),
        (["analogy", "king", "--expect", "que"], ["queen"]),
        (["analogy", "king", "--expect=que"], ["--expect=queen"]),
        (["neighbors", "king", "--among", "a,b,ki"], [f"a,b,{word}" for word in KINGS]),
        (["neighbors", "king", "--among", "./ki"], ["[FILES]"]),
        (["neighbors", "king", "--among", "words.t"], ["[FILES]"]),
        (["analogy", "--format=j"], ["--format=json", "--format=jsonl"]),
        (["analogy", "--format", "j"], ["json", "jsonl"]),
        (["analogy", "--method="], ["--method=3cosadd", "--method=3cosmul", "--method=pairdirection"]),
        (["analogy", "--metr"], ["--metric"]),
        (["evaluate", "analogies", "--method", "l"], ["lrcos"]),
        (["evaluate", "analogies", "quest"], ["[FILES]"]),
        (["evaluate", "similarity", ""], ["[FILES]"]),
        (["analogy", "-m", "t"], ["toy", "[FILES]"]),
        (["-m", "t"], ["toy", "[FILES]"]),
        (["analogy", "--model=t"], ["--model=toy", "[FILES]"]),
        (["analogy", "-m", "./t"], ["[FILES]"]),
        (["models", "info", ""], ["other", "toy", "[FILES]"]),
        (["models", "remove", "toy", "o"], ["other", "[FILES]"]),
        (["models", "export", "t"], ["toy", "[FILES]"]),
        (["models", "export", "toy", "t"], ["[FILES]"]),
        (["models", "add", "glove-twitter-2"], ["glove-twitter-25", "glove-twitter-200", "[FILES]"]),
        (["models", "add", "--words", "w"], ["[FILES]"]),
        (["models", "re"], ["rename", "remove"]),
        (["schema", "models", "inf"], ["info"]),
        (["schema", "err"], ["error"]),
        (["help", "models", "ex"], ["export"]),
        (["lo"], ["lookup"]),
        (["--install-completion", "z"], ["zsh"]),
        (["analogy", "-k", "1"], []),
        (["models", "rename", "toy", "t"], []),
        (["softmax", "--logits", "ki"], []),
    ],
)
def test_what_may_stand_at_the_cursor_is_completed(arguments: list[str], expected: list[str]) -> None:
    assert candidates(*arguments) == expected


@pytest.mark.usefixtures("_toys")
def test_all_commands_and_schemas_are_completed() -> None:
    assert set(candidates("")) == set(COMMANDS) - {"nn"}
    assert set(candidates("schema", "")) == {name.split()[0] for name in schema_names()}
    for name in schema_names():
        assert ask("schema", *name.split()).status == 0


@pytest.mark.usefixtures("_toys")
def test_words_are_those_of_the_model_named_anywhere_on_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert candidates("lookup", "qu") == ["queen"]
    for option in (["-m", "other"], ["--model", "other"], ["--model=other"], ["-mother"]):
        assert candidates("lookup", *option, "qu") == ["quokka"]
        assert candidates("lookup", "qu", behind=(*option, "x")) == ["quokka"]
        assert candidates(*option[:2], "lookup", "qu") == ["quokka"]
    monkeypatch.setenv("EMBCLI_MODEL", "other")
    assert candidates("lookup", "qu") == ["quokka"]
    assert candidates("lookup", "-m", "toy", "qu") == ["queen"]
    assert candidates("lookup", "-m", "none", "qu") == []


@pytest.mark.usefixtures("_toys")
def test_the_most_frequent_words_come_first_and_are_few() -> None:
    assert candidates("lookup", "")[:4] == ["the", "king", "man", "kind"]
    assert "" not in candidates("lookup", "")
    assert len(candidates("lookup", "", behind=("-m", "toy"))) <= LISTED_WORDS < len(WORDS)


@pytest.mark.usefixtures("_toys")
@pytest.mark.parametrize("prefix", ["new", "say", "no", "-", "+", "=", "\udcff"])
def test_words_that_cannot_be_typed_plainly_are_left_out(prefix: str) -> None:
    assert not {*candidates("lookup", "--", prefix)} & {*WORDS}


@pytest.mark.usefixtures("_toys")
def test_every_candidate_is_read_as_the_word_itself() -> None:
    for first in sorted({word[0] for word in WORDS}):
        for word in candidates("lookup", "--", first):
            assert ask("lookup", "--json", "--", word).answer["results"][0]["word"] == word
            assert ask("neighbors", "--json", "--", f"2*king - {word}").answer["query"]["terms"][1]["word"] == word


@pytest.mark.usefixtures("_toys")
@pytest.mark.parametrize(
    "arguments",
    [
        [], ["tcsh", "1", "ki"], ["zsh"], ["zsh", "x", "ki"], ["bash", "embcli"], ["bash", "embcli 'a", "", "x"],
        ["fish", "1", "ki", "no-command", "ki"], ["fish", "1", "", "--no-option", ""],
        ["zsh", "2", "ki", "analogy", "--no-option", "ki"], ["fish", "1", "", "--version", ""],
        ["fish", "2", "ki", "-m", "toy", "schema"],
    ],
)  # fmt: skip
def test_a_line_that_is_not_understood_is_completed_without_a_message(arguments: list[str]) -> None:
    outcome = ask("_complete", *arguments)
    assert (outcome.status, outcome.err) == (0, "")
    assert "embcli 0" not in outcome.out


def complete_ki(home: Path, **changes: str) -> Outcome:
    return start(["_complete", "zsh", "1", "ki", "lookup", "ki"], home, **changes)


def test_nothing_is_built_and_nothing_is_said_without_a_model(tmp_path: Path) -> None:
    assert complete_ki(tmp_path) == Outcome(0, "", "")
    assert complete_ki(tmp_path, EMBCLI_MODEL="../x y") == Outcome(0, "", "")
    assert [*tmp_path.iterdir()] == []
    (tmp_path / "a.txt").write_text("king 1 2\nkin 2 1\n")
    assert complete_ki(tmp_path, EMBCLI_MODEL=str(tmp_path / "a.txt")) == Outcome(0, "", "")
    assert [*tmp_path.iterdir()] == [tmp_path / "a.txt"]


def test_a_damaged_model_is_completed_without_a_message(tmp_path: Path) -> None:
    path = add_store(tmp_path, "toy", {"king": [1.0], "kin": [2.0]})
    whole = path.read_bytes()
    for damaged in (b"", whole[:100], whole[:-1], b"\xff" * len(whole), whole.replace(b"kingkin", b"\xff" * 7)):
        path.write_bytes(damaged)
        assert complete_ki(tmp_path, EMBCLI_MODEL="toy") == Outcome(0, "", "")


def test_the_file_of_a_path_that_has_a_model_is_completed(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("king 1 2\nkin 2 1\n")
    assert start(["lookup", "-m", str(file), "king"], tmp_path).status == 0
    assert complete_ki(tmp_path, EMBCLI_MODEL=str(file)).out == "king\t\nkin\t\n"


def test_a_completion_imports_nothing_heavy(toys: Path) -> None:
    code = (
        "import sys\nfrom embcli.cli.main import run\nrun(['_complete', 'zsh', '1', 'ki', 'lookup', 'ki'])\n"
        "print({name.partition('.')[0] for name in sys.modules} & {'numpy', 'rich', 'gensim', 'scipy'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(toys), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["king\t", "kind\t", "kingdom\t", "kin\t", "set()"]


def test_a_prefix_of_most_of_many_words_gives_the_first_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"{'kx'[row % 2]}{row:05}" for row in range(40_000)]
    matrix = np.ones((len(words), 1), np.float32)
    write_store(tmp_path / "models" / "m.safetensors", [([w.encode() for w in words], matrix)], {"source": "a test"})
    settle(monkeypatch, tmp_path, EMBCLI_MODEL="m")
    assert candidates("lookup", "k") == [word for word in words if word[0] == "k"][:LISTED_WORDS]
    assert candidates("lookup", "") == words[:LISTED_WORDS]
    assert candidates("lookup", "x3999") == [f"x3999{digit}" for digit in "13579"]


@pytest.mark.parametrize(
    ("line", "last"),
    [
        ("embcli lookup ki", Argument("ki", "ki", "")),
        ("embcli lookup ", Argument("", "", "")),
        ('embcli lookup "new yo', Argument('"new yo', "new yo", '"')),
        ("embcli lookup 'new \\yo", Argument("'new \\yo", "new \\yo", "'")),
        ("embcli lookup don\\'t", Argument("don\\'t", "don't", "")),
        ('embcli lookup "a\\"b\\c', Argument('"a\\"b\\c', 'a"b\\c', '"')),
        ("embcli lookup a'b c'd", Argument("a'b c'd", "ab cd", "")),
        ("embcli lookup new\\ yo", Argument("new\\ yo", "new yo", "")),
    ],
)
def test_a_line_is_split_as_a_shell_splits_it(line: str, last: Argument) -> None:
    assert split_line(line)[-1] == last
    assert [argument.text for argument in split_line(line)[:-1]] == ["embcli", "lookup"]


@pytest.mark.parametrize("shell", SHELLS)
def test_installing_twice_changes_nothing_and_keeps_the_start_up_file(shell: str, tmp_path: Path) -> None:
    files = [tmp_path / f".{name}rc" for name in ("bash", "zsh")]
    for file in files:
        file.write_text("alias a=b")  # without a line feed at its end
    shown = start(["--show-completion", shell], tmp_path, HOME=str(tmp_path), XDG_CONFIG_HOME="")
    for _ in range(2):
        outcome = start(["--install-completion", shell], tmp_path, HOME=str(tmp_path), XDG_CONFIG_HOME="")
        assert (outcome.status, outcome.err) == (0, "")
    (installed,) = [path for path in (tmp_path / ".config").rglob("*.*") if path.is_file()]
    assert installed.read_text() == shown.out
    for file in files:
        added = f"\n[ -f {installed} ] && . {installed} # completion of embcli\n" if shell in file.name else ""
        assert file.read_text() == "alias a=b" + added


def test_the_current_shell_is_reported_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    outcome = start(["--show-completion"], tmp_path, SHELL="/bin/zsh")  # Python runs embcli here
    assert outcome.out.startswith("#compdef embcli\n")
    assert outcome.err == (
        "embcli: note: for zsh, which $SHELL names; for another shell: embcli --show-completion bash|zsh|fish\n"
    )
    for given in (["--show-completion", "tcsh"], ["--install-completion", "tcsh"], ["--install-completion"]):
        outcome = start(given, tmp_path, SHELL="", HOME=str(tmp_path))
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.count("\n") == 1
        assert "bash, zsh, fish" in outcome.err
    assert [*tmp_path.iterdir()] == []


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, toys: Path) -> Iterator[Shell]:
    """A shell in which completion is installed, in a folder with two files."""
    folder = prepare(request.param, tmp_path_factory.mktemp(request.param), toys)
    for file in ("questions.txt", "my words.txt"):
        (folder / file).touch()
    with Shell(request.param, folder, toys) as shell:
        yield shell


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keys", "arguments"),
    [
        ("embcli looku\t", ["lookup"]),
        ("embcli analogy king - ma\t+ wom\t", ["analogy", "king", "-", "man", "+", "woman"]),
        ("embcli analogy --format=jsonl\t", ["analogy", "--format=jsonl"]),
        ("embcli analogy --method=p\t", ["analogy", "--method=pairdirection"]),
        ("embcli analogy x --expect=que\t", ["analogy", "x", "--expect=queen"]),
        ("embcli analogy x --expect que\t", ["analogy", "x", "--expect", "queen"]),
        ("embcli analogy -m oth\t", ["analogy", "-m", "other"]),
        ("embcli -m oth\t", ["-m", "other"]),
        ("embcli -m other lookup qu\t", ["-m", "other", "lookup", "quokka"]),
        ("embcli neighbors x --among man,que\t", ["neighbors", "x", "--among", "man,queen"]),
        ("embcli similarity man:que\t", ["similarity", "man:queen"]),
        ("embcli similarity man:woman kind:que\t", ["similarity", "man:woman", "kind:queen"]),
        ("embcli project 'queen - ma\t", ["project", "queen - man"]),
        ('embcli project "queen - ma\t', ["project", "queen - man"]),
        ("embcli models info oth\t", ["models", "info", "other"]),
        ("embcli models remove toy oth\t", ["models", "remove", "toy", "other"]),
        ("embcli models add conc\t", ["models", "add", "conceptnet-numberbatch-17-06-300"]),
        ("embcli models add ./quest\t", ["models", "add", "./questions.txt"]),
        ("embcli models add quest\t", ["models", "add", "questions.txt"]),
        ("embcli models add --words=./quest\t", ["models", "add", "--words=./questions.txt"]),
        ("embcli models add my\t", ["models", "add", "my words.txt"]),
        ("embcli models add ./my\t", ["models", "add", "./my words.txt"]),
        ('embcli models add "./my\t', ["models", "add", "./my words.txt"]),
        ("embcli models add ~/my\t", ["models", "add", "[HOME]/my words.txt"]),
        ("embcli evaluate analogies quest\t", ["evaluate", "analogies", "questions.txt"]),
        ("embcli schema models inf\t", ["schema", "models", "info"]),
        ("embcli lookup zzz\t", ["lookup", "zzz"]),
        ("embcli lookup new\t", ["lookup", "new"]),
        ("embcli lookup -m none que\t", ["lookup", "-m", "none", "que"]),
        ("embcli lookup ki\t", ["lookup", "kin"]),
    ],
)
def test_a_shell_inserts_what_is_completed(shell: Shell, keys: str, arguments: list[str]) -> None:
    assert [text.replace(str(shell.folder), "[HOME]") for text in shell.complete(keys)] == arguments


@pytest.mark.slow
@pytest.mark.parametrize(
    "typed", ["don", '"don', "'don", "r", "a", "x", "c#", "\\~", "5", "\\[", "\\{", "caf", "p", "zo"]
)
def test_a_shell_quotes_the_characters_that_are_special_to_it(shell: Shell, typed: str) -> None:
    begun = typed.lstrip("\\\"'")
    (word,) = [word for word in WORDS if word.startswith(begun)]
    assert shell.complete(f"embcli lookup {typed}{TAB}") == ["lookup", word]


def test_a_shell_lists_the_most_frequent_words_first(shell: Shell) -> None:
    assert shell.candidates("embcli lookup ki", len(KINGS)) == KINGS


def test_a_shell_completes_words_of_the_model_behind_the_cursor(shell: Shell) -> None:
    behind = " -m other"
    found = "queen" if shell.name == "fish" else "quokka"  # fish does not show completions what is behind the cursor
    assert shell.complete(f"embcli lookup qu{behind}{LEFT * len(behind)}{TAB}") == ["lookup", found, "-m", "other"]


def test_a_completion_leaves_no_message_in_the_terminal(shell: Shell) -> None:
    shown = shell.shown(f"embcli no-such-command ki{TAB}")
    assert "Traceback" not in shown
    assert "embcli:" not in shown


# What a person may already have in .zshrc.
ZSHRCS = {
    "no compinit": "",
    "compinit": "autoload -Uz compinit; compinit -i\n",
    "menus, any case": "autoload -Uz compinit; compinit -i\nzstyle ':completion:*' menu select\n"
    "zstyle ':completion:*' matcher-list 'm:{a-z}={A-Z}'\n",
}


@pytest.mark.parametrize("before", ZSHRCS)
def test_the_first_tab_in_a_new_zsh_completes(before: str, tmp_path: Path, toys: Path) -> None:
    folder = prepare("zsh", tmp_path, toys, before=ZSHRCS[before])
    with Shell("zsh", folder, toys) as shell:
        assert shell.complete(f"embcli lookup que{TAB}") == ["lookup", "queen"]


def test_the_first_tab_completes_in_a_zsh_that_loads_the_script_from_fpath(tmp_path: Path, toys: Path) -> None:
    folder = prepare("zsh", tmp_path, toys)
    (folder / "functions").mkdir()
    (folder / ".config" / "embcli" / "completion.zsh").rename(folder / "functions" / "_embcli")
    (folder / ".zshrc").write_text(STARTUP[".zshrc"] + "fpath=(~/functions $fpath)\n" + ZSHRCS["compinit"])
    with Shell("zsh", folder, toys) as shell:
        assert shell.complete(f"embcli lookup que{TAB}") == ["lookup", "queen"]
        assert shell.complete(f"embcli lookup wom{TAB}") == ["lookup", "woman"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_finds_out_its_own_name_also_in_a_pipe(name: str, tmp_path: Path, toys: Path) -> None:
    with Shell(name, prepare(name, tmp_path, toys), toys) as shell:
        for line in ("embcli --show-completion", "embcli --show-completion 2>/dev/null | cat"):
            assert "prints this file" in shell.run(line)
            assert f"--show-completion {name}`" in shell.run(line)
