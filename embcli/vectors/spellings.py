"""Other spellings of a typed word: Unicode forms, apostrophes, case, phrases, and the affixes of some vocabularies."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from string import ascii_lowercase

# Apostrophes of typewriters and of printers.
STRAIGHT, CURLY = "'", "\u2019"
APOSTROPHES = re.compile("[\u2018\u2019\u02bc\u2032`\u00b4]")
# What precedes words of ConceptNet Numberbatch (/c/en/king) and Wikipedia2Vec (ENTITY/King), and what follows words of
# RusVectores and the like (king_NOUN, king|NOUN, king#n).
AFFIX_BEFORE = re.compile(r"(?:/[^/\s]{1,10}){1,3}/|[A-Z]{2,}/")
AFFIX_AFTER = re.compile(r"(?<=.)(?:[_|#/][A-Z]{1,6}|[|#][a-z]{1,6})$")
# The most letters of a word whose edits are looked up; longer texts are not misspelled words.
MOST_EDITED = 40
# An affix counts if so many of the sampled words have it.
LEAST_SHARE = 0.05


def spellings(text: str) -> Iterator[list[str]]:
    """Groups of other spellings of a text, the nearest first; within a group the most frequent word is meant.

    next(spellings("nato")) are Unicode forms; then come other cases, and then phrases: ice cream, ice_cream, ice-cream.
    """
    forms = list(dict.fromkeys(_forms(text)))
    yield forms[1:]
    yield [form.lower() for form in forms]
    yield [spelled for form in forms for spelled in (form.capitalize(), form.title(), form.upper())]
    parts = [part for part in re.split(r"[\s_-]+", forms[0]) if part]
    if len(parts) > 1:
        for joiner in ("_", "-", " "):
            joined = joiner.join(parts)
            yield [joined]
            yield [joined.lower()]
            yield [joined.title(), joined.capitalize(), joined.upper()]


def one_edit_away(word: str) -> Iterator[str]:
    """The strings within one edit of a word: a letter deleted, replaced, inserted, or swapped with the next one.

    There are some 54 for each letter, so a text longer than MOST_EDITED has none.
    """
    if len(word) > MOST_EDITED:
        return
    letters = sorted({*ascii_lowercase, *word})
    for i in range(len(word) + 1):
        before, after = word[:i], word[i:]
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in letters)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        yield from (before + letter + after for letter in letters)


def folded(word: str) -> str:
    """A key under which spellings of a word in other Unicode forms, apostrophes and cases are equal, in upper case."""
    if not word.isascii():
        word = APOSTROPHES.sub(STRAIGHT, unicodedata.normalize("NFC", word))
    return word.upper()


def affixes(sample: Sequence[str]) -> list[tuple[str, str]]:
    """The prefixes and suffixes that words of a vocabulary commonly have, as (prefix, suffix), the commonest first."""
    counts: Counter[tuple[str, str]] = Counter()
    for word in sample:
        prefix, suffix = AFFIX_BEFORE.match(word), AFFIX_AFTER.search(word)
        if prefix and prefix.end() < len(word):
            counts[prefix[0], ""] += 1
        elif suffix:
            counts["", suffix[0]] += 1
    return [affix for affix, count in counts.most_common() if count >= LEAST_SHARE * len(sample)]


def _forms(text: str) -> Iterator[str]:
    yield text
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    yield from (composed, decomposed)
    for form in (composed, decomposed):
        straight = APOSTROPHES.sub(STRAIGHT, form)
        yield straight
        yield straight.replace(STRAIGHT, CURLY)


def with_spaces(word: str) -> tuple[str, list[str]]:
    """A word such as `king-man+woman` with spaces around its signs, and its parts; no parts for any other word.

    with_spaces("king-man +woman")  # ('king - man + woman', ['king', 'man', 'woman'])
    """
    sign = r"\s*([+\-\u2212\u2013\u2014])\s*"
    parts = re.split(sign, word)[::2]
    if len(parts) < 2 or not all(parts[1:]):
        return word, []
    return re.sub(sign, lambda found: " + " if found[1] == "+" else " - ", word).strip(), [
        part for part in parts if part
    ]
