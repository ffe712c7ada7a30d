"""Words as people type them: other spellings, rare words, unknown words, words outside the vocabulary."""

from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText
from process import ask, settle, share

import embcli
from embcli.errors import UnknownWord
from embcli.models.open import StoredSpace, open_stored
from embcli.vectors.space import VectorSpace
from embcli.vectors.spellings import one_edit_away


def space_of(*words: str) -> VectorSpace:
    return VectorSpace.from_words(list(words), np.eye(len(words)))


@pytest.fixture
def at_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settle(monkeypatch, share(home, tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- Spellings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["caf\u00e9", "cafe\u0301"])
def test_both_unicode_forms_of_a_word_are_that_word(typed: str, glove: StoredSpace) -> None:
    answer = embcli.find_neighbors(glove, typed, k=1)
    assert answer.results == ((1, "cafe", 0.850804),)
    assert answer.query.resolved == ({} if typed == "caf\u00e9" else {typed: "caf\u00e9"})


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("nato", "NATO"),
        ("paris", "Paris"),
        ("PARIS", "Paris"),
        ("don\u2019t", "don't"),
        ("rock`n", "rock'n"),
        ("l'eau", "l\u2019eau"),
        ("new york", "New_York"),
        ("NEW-YORK", "New_York"),
        ("ice_cream", "ice cream"),
        ("Caf\u00e9", "cafe\u0301"),
    ],
)
def test_a_word_is_found_in_other_cases_apostrophes_and_joiners(typed: str, used: str) -> None:
    words = ["NATO", "Paris", "don't", "rock'n", "l\u2019eau", "New_York", "ice cream", "cafe\u0301"]
    assert space_of(*words).resolve_all([typed]).resolved == {typed: used}


def test_the_nearest_spelling_comes_before_the_frequent_one() -> None:
    assert space_of("US", "us", "Us").resolve("us") == (1, "us")
    assert space_of("US", "Us").resolve("us") == (0, "US")
    assert space_of("New_York", "new york").resolve("New York")[1] == "new york"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["/c/en/the", "/c/en/king", "/c/de/haus"], "/c/en/king"),
        (["the", "ENTITY/King", "ENTITY/Paris"], "ENTITY/King"),
        (["the_DET", "king_NOUN", "go_VERB"], "king_NOUN"),
        (["the|d", "king|n"], "king|n"),
    ],
)
def test_affixes_of_the_vocabulary_are_suggested(words: list[str], meant: str) -> None:
    with pytest.raises(UnknownWord) as caught:
        space_of(*words).resolve("king")
    assert caught.value.suggestions[0] == meant


def test_suggestions_keep_letters_and_count_edits_in_letters(glove: StoredSpace) -> None:
    suggested = glove.vocabulary.suggest("womn")
    assert suggested.index("woman") < suggested.index("won")
    assert glove.vocabulary.suggest("queeen")[0] == "queen"
    assert glove.vocabulary.suggest("\u043aing")[0] == "king"
    assert space_of("\u043f\u0440\u0438\u0432\u0435\u0442").vocabulary.suggest("\u043f\u0440\u0435\u0432\u0435\u0434")


def test_evaluations_read_words_as_queries_do(at_home: Path) -> None:
    (at_home / "set.txt").write_text("Cafe\u0301 cafe\u0301 Caf\u00e9 caf\u00e9\n", "utf-8")
    assert '"covered": 1' in ask("evaluate", "analogies", "set.txt", "--json").out
    (at_home / "set.tsv").write_text("cafe\u0301\tRestaurant\t5\nking\tqueen\t3\n", "utf-8")
    assert '"covered": 2' in ask("evaluate", "similarity", "set.tsv", "--json").out


# --- Rare words ---------------------------------------------------------------------------------------------------


def test_a_rare_phrase_is_said_to_be_rare_and_its_parts_are_offered(at_home: Path) -> None:
    query = ask("nn", "New York", "-k", "1", "--json").answer["query"]
    assert query["resolved"] == {"New York": "new-york"}
    assert query["rare"] == [{"word": "new-york", "row": 118348, "instead": "new + york"}]
    assert "new-york is rare (row 118,348): new + york?" in ask("nn", "New York", "-k", "1").out
    assert "rare" not in ask("nn", "Ice Cream", "-k", "1", "--json").answer["query"]


def test_a_rare_word_one_letter_from_a_frequent_one_is_questioned(glove: StoredSpace) -> None:
    rare = embcli.find_neighbors(glove, "quen", k=1).query.rare
    assert rare is not None
    assert [(one.word, one.instead) for one in rare] == [("quen", "queen")]
    for word in ["mole", "cat", "king", "octopodes" if "octopodes" in glove.vocabulary else "octopi", "tower", "1989"]:
        assert embcli.find_neighbors(glove, word, k=1).query.rare is None


def test_no_word_of_the_more_frequent_half_is_questioned(glove: StoredSpace) -> None:
    for row in range(0, len(glove) // 2, 997):
        assert not glove.resolve_all([glove.vocabulary[row]]).rare


def test_a_long_text_has_no_edits_which_would_fill_the_memory() -> None:
    assert next(one_edit_away("x" * 40), None) is not None
    assert next(one_edit_away("x" * 41), None) is None


def test_one_edit_away_is_all_strings_at_that_distance() -> None:
    near = set(one_edit_away("ab"))
    assert {"b", "a", "ba", "abc", "cab", "acb", "xb", "ax"} <= near
    assert not {"abcd", "cd", ""} & near


def test_in_a_space_of_unknown_frequencies_nothing_is_rare() -> None:
    words = [f"w{row}" for row in range(3000)]
    space = VectorSpace.from_words([*words, "queen", *(f"v{row}" for row in range(3000)), "quen"], np.ones((6002, 2)))
    assert not space.resolve_all(["quen"]).rare


# --- Unknown words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "analogy kinng1 - mann1 + woman",
        "project kinng1 mann1 woman",
        "project king woman --pairs kinng1:mann1",
        "softmax kinng1 mann1 woman",
        "similarity kinng1 mann1 woman",
        "odd kinng1 mann1 woman king",
        "lookup kinng1 mann1",
    ],
)
def test_all_unknown_words_of_a_question_are_reported_at_once(command: str, at_home: Path) -> None:
    status, out, err = ask(*command.split())
    assert (status, out, err.count("\n")) == (3, "", 1)
    assert '"kinng1" and "mann1" are not in the vocabulary of glove' in err


SKIPPING = [
    ("project 'cats - cat' puppy zzqqx puppies", "project", {"puppy", "puppies"}),
    ("project 'cats - cat' --pairs puppy:puppies,zzqqx:dogs", "project", set[str]()),
    ("softmax king queen zzqqx throne", "softmax", {"queen", "throne"}),
    ("similarity king queen zzqqx", "similarity", {"king"}),
    ("odd breakfast cereal zzqqx dinner lunch", "odd", {"breakfast", "cereal", "dinner", "lunch"}),
    ("lookup king zzqqx", "lookup", {"king"}),
]


@pytest.mark.parametrize(("command", "name", "words"), SKIPPING)
def test_unknown_words_can_be_skipped_and_are_reported_in_every_format(
    command: str, name: str, words: set[str], at_home: Path
) -> None:
    import shlex

    arguments = shlex.split(command)
    assert ask(*arguments).status == 3
    answer = ask(*arguments, "--skip-unknown", "--json").answer
    assert answer["query"]["skipped"] == ["zzqqx"]
    assert {result.get("word", result.get("a")) for result in answer["results"]} == words
    assert "skipped, not in the vocabulary: zzqqx" in ask(*arguments, "--skip-unknown").out
    for form in ("csv", "tsv", "markdown"):
        status, _, err = ask(*arguments, "--skip-unknown", "--format", form)
        assert status == 0
        assert "skipped words" in err
        assert "zzqqx" in err
    assert ask(name, "--help").out.count("--skip-unknown") == 1


def test_where_no_word_is_left_the_unknown_ones_are_an_error(at_home: Path) -> None:
    assert ask("lookup", "zzqqx", "--skip-unknown").status == 3
    assert ask("similarity", "king:zzqqx", "--skip-unknown").status == 3
    assert ask("project", "zzqqx - cat", "puppy", "--skip-unknown").status == 3


@pytest.mark.parametrize("command", [("odd", "king", "zzqqx", "queen"), ("similarity", "king", "zzqqx", "--matrix")])
def test_where_too_few_words_are_left_the_skipped_ones_are_named(command: tuple[str, ...], at_home: Path) -> None:
    status, _, err = ask(*command, "--skip-unknown")
    assert status == 2
    assert "different words; unknown and skipped: zzqqx; for example" in err
    assert "skipped" not in ask(*command[:2], "--skip-unknown").err


def test_a_line_of_a_batch_may_skip_unknown_words(at_home: Path) -> None:
    lines = b'{"words": ["king", "zzqqx"], "skip_unknown": true}\nking zzqqx\n'
    status, out, _ = ask("lookup", "-", stdin=lines)
    first, second = out.splitlines()
    assert status == 3
    assert '"skipped": ["zzqqx"]' in first
    assert '"error"' in second


# --- Words outside the vocabulary ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained() -> FastText:
    sentences = [["salt", "pepper", "soup", "caf\u00e9", "\u6f22\u5b57"]] * 20
    return FastText(sentences, vector_size=8, min_count=1, workers=1, seed=1, bucket=500, min_n=2, max_n=4)


@pytest.fixture(params=["ft.kv", "ft.model"])
def fasttext(request: pytest.FixtureRequest, trained: FastText, at_home: Path) -> StoredSpace:
    (trained.wv if request.param == "ft.kv" else trained).save(request.param)
    assert ask("models", "add", request.param).status == 0
    return open_stored("ft")


def test_words_of_the_vocabulary_have_gensims_vectors_bit_for_bit(fasttext: StoredSpace, trained: FastText) -> None:
    assert list(fasttext.vocabulary) == trained.wv.index_to_key
    assert np.array_equal(fasttext.vectors, trained.wv.vectors)


@pytest.mark.parametrize("word", ["soups", "peppery", "caf\u00e9s", "\u6f22", "x"])
def test_a_word_outside_the_vocabulary_has_gensims_vector(word: str, fasttext: StoredSpace, trained: FastText) -> None:
    [entry] = embcli.look_up(fasttext, [word]).results
    assert np.array_equal(np.array(entry.vector, np.float32), trained.wv.get_vector(word))
    assert (entry.word, entry.row) == (word, None)


def test_it_answers_wherever_a_word_may_stand_and_is_reported(fasttext: StoredSpace, trained: FastText) -> None:
    answer = embcli.find_neighbors(fasttext, "soups", k=2)
    assert answer.query.resolved == {"soups": "its n-grams"}
    expected = trained.wv.similar_by_vector(trained.wv.get_vector("soups"), topn=2)
    assert [one.word for one in answer.results] == [word for word, _ in expected]
    assert [one.rank for one in answer.inputs] == [None]
    assert 'read "soups" as its n-grams' in ask("nn", "soups", "-m", "ft").out
    for command in (
        "analogy soups - salty + pepper",
        "analogy soups - salty + pepper --method 3cosmul",
        "analogy soups - salty + pepper --metric euclidean",
        "project soups salty",
        "softmax soups salty peppers",
        "similarity soups salt",
        "odd soups salt pepper peppers",
        "lookup soups",
    ):
        assert ask(*command.split(), "-m", "ft", "--json").answer["query"]["resolved"]["soups"] == "its n-grams"


def test_an_unknown_word_cannot_be_expected(fasttext: StoredSpace) -> None:
    with pytest.raises(UnknownWord):
        embcli.find_neighbors(fasttext, "salt", expect="soups")


def test_n_grams_can_be_left_out(trained: FastText, at_home: Path) -> None:
    trained.wv.save("ft.kv")
    assert ask("models", "add", "ft.kv", "--no-subwords").status == 0
    assert ask("lookup", "soups", "-m", "ft").status == 3
    assert ask("models", "verify", "ft").status == 0
