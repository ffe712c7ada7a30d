"""What people type and paste is understood, or the error gives the line to type."""

import json
import shlex
from pathlib import Path

import pytest
from process import Outcome, ask, read_json, settle


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, home)


def asked(line: str) -> Outcome:
    return ask(*shlex.split(line))


def understood(line: str) -> str:
    """The expression of an answer as it was understood."""
    outcome = asked(f"{line} --json")
    assert outcome.err == ""
    return str(read_json(outcome.out)["query"]["expression"])


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("king - man + woman", "embcli analogy king - man + woman"),
        ("king -man + woman", "embcli analogy king - man + woman"),
        ("king - man + woman -k 3 --json", "embcli analogy king - man + woman"),
        ("'king - man + woman'", "embcli analogy 'king - man + woman'"),
        ("man king woman", "embcli analogy man king woman"),
        ("man:king::woman:?", "embcli analogy 'man:king::woman:?'"),
        ("king", "embcli neighbors king"),
        ("king queen", "embcli similarity king queen"),
        ("neighbor king", "embcli neighbors king"),
    ],
)
def test_a_question_without_a_command_is_answered_with_the_command(line: str, meant: str) -> None:
    outcome = asked(line)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert f"did you mean: {meant}" in (outcome.err if "--json" not in line else outcome.error["hint"])


def test_a_command_that_deletes_is_never_suggested() -> None:
    assert "remov" not in asked("models remov glove").err.partition(";")[2]


@pytest.mark.parametrize(
    ("line", "word", "option", "value"),
    [
        ("analogy king -man + woman", "-man", "-m", "an"),
        ("nn -king", "-king", "-k", "ing"),
        ("nn -king -k 3", "-king", "-k", "ing"),
        ("analogy king -man +woman", "-man", "-m", "an"),
    ],
)
def test_a_word_glued_to_its_sign_is_explained(line: str, word: str, option: str, value: str) -> None:
    outcome = asked(line)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert f'"{word}" is the option {option} with the value "{value}"' in outcome.err
    assert f"- {word[1:]}" in outcome.err


@pytest.mark.parametrize("line", ["nn king -woman", "project king queen -Man"])
def test_a_word_glued_to_its_sign_is_explained_where_there_is_no_such_option(line: str) -> None:
    outcome = asked(line)
    word = line.rpartition(" ")[2]
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert f'there is no option "{word}"; put a space after the sign: - {word[1:]}' in outcome.err


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("compare king queen", "did you mean: embcli similarity king queen"),
        ("install glove", "did you mean: embcli models add glove"),
        ("models download glove", "did you mean: embcli models add glove"),
        ("list", "did you mean: embcli models list"),
        ("vector king", "did you mean: embcli lookup king"),
        ("direction king", "see: embcli project --help"),
        ("embcli nn king", "did you mean: embcli nn king"),
        ("king-man+woman", "did you mean: embcli analogy king - man + woman"),
        ("nn king --limit 3", "for N answers use -k N"),
        ("nn king --csv", "use --format csv"),
        ("nn king -k ten", "'ten' is not a whole number; see: embcli nn --help"),
        ("nn king -k -3", "-3 is less than 1"),
        ("lookup king --coordinates", "see: embcli lookup --help"),
        ("project king - man queen", 'quote an expression: "king - man"'),
        ("analogy 'king -man +woman'", "put spaces around + and -: - man"),
        ("softmax a=3.4 b=2.5", "write --logits a=3.4,b=2.5"),
        ("softmax --logits a=3.4 b=2.5", "write --logits a=3.4,b=2.5"),
        ("softmax --logits a=3.4,b=2.5 -T 0 0.5 2", "for several temperatures, write -T 1,2,5"),
        ("softmax king 3.4 2.5", "looks like a logit"),
    ],
)
def test_what_people_type_leads_to_what_they_mean(line: str, hint: str) -> None:
    assert hint in asked(line).err


@pytest.mark.parametrize(
    ("pasted", "typed"),
    [
        ("project \u201cking - man\u201d woman", "project 'king - man' woman"),
        ("analogy \u201cking - man + woman\u201d", "analogy 'king - man + woman'"),
        ("nn \u2018king\u2019 \u2013k 1", "nn king -k 1"),
        ("nn king \u2014format csv", "nn king --format csv"),
        ("nn king \u2013\u2013include-inputs", "nn king --include-inputs"),
        ("nn '- king'", "nn - king"),
        ("nn king --format CSV", "nn king --format csv"),
    ],
)
def test_what_is_pasted_is_what_was_copied(pasted: str, typed: str) -> None:
    outcome = asked(pasted)
    assert (outcome.status, outcome.out) == (0, asked(typed).out)


def test_pairs_are_read_from_a_file_or_stdin(tmp_path: Path) -> None:
    file = tmp_path / "pairs.txt"
    file.write_text("king:queen\nman, woman\n\nprince\tprincess\n")
    given = asked("project 'woman - man' --pairs king:queen,man:woman,prince:princess --json").out
    assert asked(f"project 'woman - man' --pairs {shlex.quote(str(file))} --json").out == given
    missing = asked("project 'woman - man' --pairs nofile.txt")
    assert (missing.status, missing.err) == (
        4,
        "embcli: there is no file nofile.txt; check the path, or give pairs: puppy:puppies\n",
    )


def test_a_model_glued_to_its_option_is_no_mistake() -> None:
    assert asked("nn king -mglove -k1").status == 0
    assert "there is no model" in asked("nn king -m nosuch").err


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("king-man+woman", "king - man + woman"),
        ("king+queen", "king + queen"),
        ("king\u2013man", "king - man"),
        ("King+Queen", "King + Queen"),
    ],
)
@pytest.mark.parametrize("command", ["nn", "analogy", "lookup", "odd king queen", "project king"])
def test_signs_without_spaces_are_explained_when_the_parts_are_known(word: str, meant: str, command: str) -> None:
    outcome = asked(f"{command} {word}")
    assert outcome.status == 3
    assert f"put spaces around + and -: {meant}" in outcome.err


def test_signs_without_spaces_are_not_explained_when_a_part_is_unknown() -> None:
    assert "put spaces" not in asked("nn king-qqqzzzq").err
    assert asked("nn e-mail").status == 0


@pytest.mark.parametrize(
    "line",
    [
        "analogy king \u2013 man \u2014 woman",
        "analogy 'king \u2212 man \u2212 woman'",
        "analogy 'king\u00a0-\u00a0man\u00a0-\u00a0woman'",
        "analogy 'king\u202f\u2013\u2009man \u2013 woman'",
        "analogy '\u201cking\u201d - \u201eman\u201c - woman'",
        "analogy 'king - man - woman = ?'",
        "analogy king - man - woman =",
    ],
)
def test_what_is_pasted_is_read_as_what_it_looks_like(line: str) -> None:
    assert understood(line) == "king - man - woman"


def test_a_phrase_in_curly_quotes_is_one_word() -> None:
    assert understood("nn 'king + \u201cnew york\u201d'") == "king + new-york"
    assert read_json(asked("odd \u201cNew York\u201d boston chicago --json").out)["query"]["resolved"]["New York"]


def test_an_answer_after_the_equals_sign_is_expected() -> None:
    for line in ("analogy king - man + woman = queen", "analogy 'man king woman = queen'", "nn 'king = prince'"):
        assert read_json(asked(f"{line} --json").out)["expected"]["rank"] == 1
    assert asked("analogy king - man + woman = prince").status == 1
    assert "two words are expected" in asked("analogy king - man + woman = queen --expect prince").err
    lines = ask("analogy", "-", stdin=b"man king woman = queen\nking - man + woman = prince\nking - man + woman = ?\n")
    assert lines.status == 1
    records = map(json.loads, lines.out.splitlines())
    assert [record.get("expected", {}).get("word") for record in records] == ["queen", "prince", None]


@pytest.mark.parametrize("words", ["king man", "king man woman queen"])
def test_an_analogy_of_other_than_three_words_says_what_to_give(words: str) -> None:
    outcome = asked(f"analogy {words}")
    assert outcome.status == 2
    assert "give three words: man king woman" in outcome.err


def test_commas_separate_words_unless_the_word_is_known() -> None:
    assert read_json(asked("odd breakfast, cereal, dinner, lunch --json").out)["odd"] == "cereal"
    projected = read_json(asked("project 'cats - cat' puppy,puppies dog --json").out)
    assert [one["word"] for one in projected["results"]] == ["puppy", "puppies", "dog"]
    assert [one["word"] for one in read_json(asked("lookup 1,000 --json").out)["results"]] == ["1,000"]
    assert len(read_json(asked("softmax king queen,prince --json").out)["results"]) == 2
    assert len(read_json(asked("similarity king, queen, man --json").out)["results"]) == 2


@pytest.mark.parametrize("pairs", ["king:queen,man:woman", "king:queen man:woman", "'king:queen, man:woman'"])
def test_pairs_are_written_the_same_way_everywhere(pairs: str) -> None:
    compared = read_json(asked(f"similarity {pairs} --json").out)["results"]
    projected = read_json(asked(f"project cats --pairs {pairs} --json").out)["pairs"]
    assert [(one["a"], one["b"]) for one in compared] == [("king", "queen"), ("man", "woman")]
    assert [(one["low"], one["high"]) for one in projected] == [("king", "queen"), ("man", "woman")]


def test_a_word_may_have_parentheses(tmp_path: Path) -> None:
    Path(tmp_path / "v.txt").write_text("ENTITY/Apple_(company) 1 0\nking 0 1\nman 1 1\n")
    model = str(tmp_path / "v.txt")
    assert asked(f"nn 'ENTITY/Apple_(company)' -m {model} -k 1").status == 0
    assert understood(f"nn king - 'ENTITY/Apple_(company)' -m {model}") == "king - ENTITY/Apple_(company)"
    assert understood(f"nn '2*(king + man)/2' -m {model}") == "king + man"
