"""Why a vocabulary covers no question of a file: its words, beside those of the vocabulary."""

import re
from collections.abc import Sequence

from embcli.vectors.space import VectorSpace

SHOWN_WORDS = 3
HALF = 0.5
# MEN's river-n and the like, and the relations in the fourth column of MSR's questions, JJ_JJR.
TAGGED = re.compile(r".+[-_/](n|v|j|a|r|noun|verb|adj|adv|[A-Z]{1,5})")
RELATION = re.compile(r"[A-Z]{2,4}\$?_[A-Z]{2,4}\$?")


def explain_no_coverage(words: Sequence[str], spaces: Sequence[VectorSpace], top: int | None) -> str:
    """Why no question is covered, with some words of the file and of the vocabulary that lacks them, as a line."""
    different = list(dict.fromkeys(words))
    relations = [word for word in different if RELATION.fullmatch(word)]
    tagged = [word for word in different if TAGGED.fullmatch(word) and word not in relations]
    lacking = [space for space in spaces if _share(different, space, top) < HALF]
    space = (lacking or spaces)[0]
    if relations:
        why = f"{relations[0]} is a relation, not a word: the answers of such files are in a file of their own"
    elif len(tagged) > HALF * len(different):
        why = f"its words end in parts of speech ({tagged[0]}): remove them"
    elif lacking and top is not None and _share(different, space, None) >= HALF:
        why = f"its words are not among the first {top:,}"
    elif lacking and _share([word.lower() for word in different], space, top) >= HALF:
        why = "its words are spelled in another case"
    else:
        why = "the vocabulary lacks its words" if lacking else "no question has all its words"
    theirs, ours = ", ".join(different[:SHOWN_WORDS]), ", ".join(space.vocabulary.sample(SHOWN_WORDS))
    name = space.name or "the vocabulary"
    return f"no question is covered: {why}; words of the file: {theirs}; words of {name}: {ours}"


def _share(words: Sequence[str], space: VectorSpace, top: int | None) -> float:
    """The fraction of words that are in the vocabulary, or in its first words."""
    rows = [space.vocabulary.find(word) for word in words]
    return sum(row is not None and (top is None or row < top) for row in rows) / max(1, len(rows))
