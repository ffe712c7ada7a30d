"""Look-up of words: the binary search against a dict, suggestions against a textbook implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embcli.errors import UnknownWord
from embcli.vectors.space import VectorSpace
from embcli.vectors.vocabulary import Vocabulary

# Few letters of one to four bytes, so that words share prefixes and have small distances.
CLOSE = st.text(st.sampled_from("abcAé東😀"), min_size=1, max_size=6)
WORD_LISTS = st.lists(CLOSE | st.text(min_size=1), min_size=1, max_size=40, unique=True)
PLAIN = st.text(st.sampled_from("abc"), min_size=1, max_size=7)


def edits(a: str, b: str) -> int:
    """The optimal string alignment distance: insertions, deletions, replacements, swaps of adjacent letters."""
    table = [[i + j for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            replaced = table[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, replaced)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def expected_suggestions(words: list[str], text: str) -> list[str]:
    wanted = text.lower()
    reach = min(2, len(wanted) - 1)
    distances = [edits(wanted, word) for word in words]
    ranks = [(distance, len(set(wanted) - set(words[row])), row) for row, distance in enumerate(distances)]
    near = sorted(rank for rank in ranks if rank[0] <= reach)[:5]
    found = [words[row] for *_, row in near] if reach > 0 else []
    found += [word for word in words if word.startswith(wanted) and word not in found]
    return found[:5]


@given(WORD_LISTS, st.data())
def test_words_and_rows_match_as_in_a_dict(words: list[str], data: st.DataObject) -> None:
    vocabulary = Vocabulary.from_words(words)
    rows = {word: row for row, word in enumerate(words)}
    assert list(vocabulary) == words
    assert len(vocabulary) == len(words)
    for word in [*words, *data.draw(st.lists(CLOSE | st.text(), max_size=10))]:
        assert vocabulary.find(word) == rows.get(word)
        assert (word in vocabulary) == (word in rows)
        if word in rows:
            assert vocabulary.row(word) == rows[word]
            assert vocabulary[rows[word]] == word
        else:
            with pytest.raises(UnknownWord):
                vocabulary.row(word)


@given(WORD_LISTS, CLOSE | st.text(max_size=2), st.integers(1, 20))
def test_a_prefix_lists_its_most_frequent_words(words: list[str], prefix: str, limit: int) -> None:
    expected = [word for word in words if word.startswith(prefix)][:limit]
    assert Vocabulary.from_words(words).prefix(prefix, limit) == expected


@st.composite
def misspellings(draw: st.DrawFn, text: str) -> str:
    """A text after up to three insertions, deletions, replacements and swaps."""
    letters = list(text)
    for place, letter in draw(st.lists(st.tuples(st.integers(0, len(text)), st.sampled_from("abcxé")), max_size=3)):
        kind = draw(st.sampled_from(["insert", "delete", "replace", "swap"]))
        if kind == "insert":
            letters.insert(place, letter)
        elif kind == "delete":
            del letters[place : place + 1]
        elif kind == "replace":
            letters[place : place + 1] = [letter]
        else:
            letters[place : place + 2] = reversed(letters[place : place + 2])
    return "".join(letters)


@given(st.data(), PLAIN | CLOSE)
def test_suggestions_are_the_words_with_the_fewest_edits(data: st.DataObject, text: str) -> None:
    near = misspellings(text).filter(bool)
    words = data.draw(st.lists(near | PLAIN | CLOSE, min_size=1, max_size=8, unique=True))
    assert Vocabulary.from_words(words).suggest(text) == expected_suggestions(words, text)


@pytest.mark.parametrize("typed", ["htere", "three", "thera", "thee", "here", "ther", "theere", "tthere", "theree"])
def test_one_slip_of_the_finger_is_nearer_than_two(typed: str) -> None:
    further = typed[0] + "xx" + typed[3:]
    assert (edits(typed, "there"), edits(typed, further)) == (1, 2)
    assert Vocabulary.from_words([further, "there"]).suggest(typed) == ["there", further]


def test_a_vocabulary_is_a_sequence() -> None:
    vocabulary = Vocabulary.from_words(["the", "of", "and"])
    assert vocabulary[-1] == "and"
    assert vocabulary[:2] == ["the", "of"]
    for row in (3, -4):
        with pytest.raises(IndexError):
            vocabulary[row]
    other: object = 3
    assert other not in vocabulary


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("Apple", "Apple"),
        ("APPLE", "apple"),
        ("new_york", "new_york"),
        ("New York", "New_York"),
        ("NEW YORK", "new_york"),
        ("new  york", "new_york"),
        ("NEW-YORK", "new-york"),
        ("los angeles", "los-angeles"),
        ("Los_Angeles", "los-angeles"),
        ("Rock'n'Roll", "rock'n'roll"),
        ("tic tac toe", "tic_tac_toe"),
    ],
)
def test_what_was_typed_is_read_exactly_then_in_lower_case_then_as_a_phrase(typed: str, used: str) -> None:
    words = ["los-angeles", "new-york", "new_york", "New_York", "apple", "Apple", "rock'n'roll", "tic_tac_toe"]
    assert Vocabulary.from_words(words).resolve(typed) == (words.index(used), used)


@pytest.mark.parametrize("typed", ["apple pie", "app", "", " ", "_", "\udcff", "apple\0"])
def test_what_has_no_reading_is_unknown(typed: str) -> None:
    with pytest.raises(UnknownWord) as caught:
        Vocabulary.from_words(["apple", "pie"]).resolve(typed)
    assert (caught.value.word, caught.value.exit_status) == (typed, 3)


@pytest.mark.parametrize(
    ("typed", "used"),
    [("king", "king"), ("King", "king"), ("NEW YORK", "new-york"), ("ice_cream", "ice-cream"), ("E-Mail", "e-mail")],
)
def test_glove_reads_capitals_and_phrases(glove: VectorSpace, typed: str, used: str) -> None:
    assert glove.resolve(typed) == (glove.vocabulary.row(used), used)


def test_every_word_of_glove_is_found_at_its_row(glove: VectorSpace) -> None:
    words = list(glove.vocabulary)
    assert (len(words), words[0], words[691]) == (400_000, "the", "king")
    for row in range(0, len(words), 97):
        assert glove.vocabulary.find(words[row]) == row
    assert glove.vocabulary.prefix("king", 1000) == [word for word in words if word.startswith("king")][:1000]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("kingg", "king"), ("QEUEN", "queen"), ("lagnuage", "language"), ("Kingdim", "kingdom"), ("naïvee", "naïve")],
)
def test_unknown_word_suggests_the_nearest_spelling(glove: VectorSpace, typed: str, meant: str) -> None:
    with pytest.raises(UnknownWord) as caught:
        glove.resolve(typed)
    assert caught.value.suggestions[0] == meant
    assert len(caught.value.suggestions) <= 5
    assert caught.value.message == f'"{typed}" is not in the vocabulary of glove'


def test_no_frequent_word_of_glove_is_nearer_than_those_suggested(glove: VectorSpace) -> None:
    found = glove.vocabulary.suggest("langauge")
    letters = set("langauge")
    rows = {word: glove.vocabulary.row(word) for word in [*glove.vocabulary[:5000], *found]}
    key = {word: (edits("langauge", word), len(letters - set(word)), row) for word, row in rows.items()}
    keys = [key[word] for word in found]
    assert keys == sorted(keys)
    assert all(word in found or key[word] > keys[-1] for word in glove.vocabulary[:5000])
