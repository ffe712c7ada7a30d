"""Expressions, words and pairs as people type them: in several arguments, with commas, with `= ?` at the end."""

import re
from collections.abc import Sequence

from embcli.errors import ExpressionSyntaxError, UsageProblem
from embcli.queries.expression import QUOTED, SIGN_VALUES, TOKEN, no_word, quote, unquote

PAIR_WORD = rf'(?:{QUOTED}|[^:,"][^:,]*)'
# A pair of words without blanks; such pairs may be separated by blanks, too.
SHORT_PAIR = rf'(?:{QUOTED}|[^\s:,"]+):(?:{QUOTED}|[^\s:,"]+)'

GROUP_WORD = rf'(?:{QUOTED}|[^\s:,"]+)'


def split_words(source: str) -> list[str]:
    """Split at spaces outside quotes; quotes are kept. Raises UsageProblem for a sign between words."""
    words = re.findall(rf"{QUOTED}(?=\s|$)|\S+", source, re.ASCII)
    refuse_signs(words)
    return words


def join_quoted(arguments: Sequence[str]) -> list[str]:
    """Arguments with the phrases joined that the shell split, because it does not know curly quotation marks.

    join_quoted(["\u201cnew", "york\u201d", "boston"])  # ['\u201cnew york\u201d', 'boston']
    """
    joined: list[str] = []
    for argument in arguments:
        if joined and _is_open(joined[-1]):
            joined[-1] += f" {argument}"
        else:
            joined.append(argument)
    return [*arguments] if any(map(_is_open, joined)) else joined


def _is_open(text: str) -> bool:
    return text[:1] in ("\u201c", "\u201e") and not re.fullmatch(QUOTED, text)


def refuse_signs(words: Sequence[str]) -> None:
    """Raise UsageProblem for `aunt - uncle` in a list of words: is it an expression, or three words?"""
    for before, sign, after in zip(words, words[1:], words[2:], strict=False):
        if sign in SIGN_VALUES:
            raise UsageProblem(
                f'"{sign}" stands between words',
                f'quote an expression: "{before} {sign} {after}"; quote the word itself: \'"{sign}"\'',
            )


def parse_pairs(source: str) -> list[tuple[str, str]]:
    """The pairs of words of `puppy:puppies,student:students`, or with blanks between; words may be quoted."""
    if re.fullmatch(rf"\s*{SHORT_PAIR}(?:(?:\s*,\s*|\s+){SHORT_PAIR})*\s*,?\s*", source):
        source = ",".join(re.findall(SHORT_PAIR, source))
    pairs: list[tuple[str, str]] = []
    position = 0
    while position < len(source) or not pairs:
        match = re.compile(rf"\s*({PAIR_WORD}):({PAIR_WORD})(?:,|$)").match(source, position)
        if match is None:
            raise ExpressionSyntaxError("a pair of words is missing", source, position, "for example puppy:puppies")
        low, high = unquote(match[1].strip()), unquote(match[2].strip())
        if not low or not high:
            raise no_word(source, match.start(2 if low else 1))
        pairs.append((low, high))
        position = match.end()
    return pairs


def parse_groups(source: str) -> list[tuple[str, tuple[str, ...]]]:
    """The names and the words of groups; names and words may be quoted. Raises ExpressionSyntaxError.

    parse_groups("fruit:apple,pear animal:cat")  # [('fruit', ('apple', 'pear')), ('animal', ('cat',))]
    """
    group = re.compile(rf"\s*({GROUP_WORD})\s*:\s*({GROUP_WORD}(?:\s*,\s*{GROUP_WORD})*)\s*(?:,\s*)?(?=\s|$)")
    groups: list[tuple[str, tuple[str, ...]]] = []
    position = 0
    while source[position:].strip() or not groups:
        match = group.match(source, position)
        if match is None:
            raise ExpressionSyntaxError(
                "a group is a name, a colon, and words with commas between", source, position,
                'for example --groups "fruit:apple,pear animal:cat,dog"',
            )  # fmt: skip
        groups.append((unquote(match[1]), tuple(map(unquote, re.findall(GROUP_WORD, match[2])))))
        position = match.end()
    return groups


def join_arguments(arguments: Sequence[str], *, triple: bool = False) -> str:
    """The arguments of a shell command as one expression.

    The shell removes quotes, as in `king - man + "new york"`, so an argument of several plain words is quoted
    again. Where triples are allowed, a single argument may be a triple: "man king woman".
    """
    if triple and len(arguments) == 1:
        return arguments[0]
    return " ".join(quote(part) if is_phrase(part) else part for part in arguments)


def is_phrase(argument: str) -> bool:
    """Whether an argument is several plain words, which the shell took out of quotes."""
    tokens = TOKEN.finditer(argument)
    return len(argument.split()) > 1 and "::" not in argument and all(token.lastgroup == "word" for token in tokens)


def split_expected(source: str, expect: str | None = None) -> tuple[str, str | None]:
    """An expression without the `= ?` or `= queen` at its end, and the expected word, if there is one.

    expect: the word that is expected otherwise. Raises UsageProblem if both are given and differ.

        split_expected("king - man + woman = queen")  # ('king - man + woman', 'queen')
    """
    if "=" not in source:
        return source, expect
    found = re.fullmatch(rf"(.*\S)\s+=(?:\s*(\?|{QUOTED}|[^\s\"]+))?\s*", source, re.DOTALL)
    if found is None:
        return source, expect
    word = expect if found[2] in (None, "?") else unquote(found[2])
    if expect not in (None, word):
        raise UsageProblem(f'two words are expected: "{word}" and "{expect}"', "give one of them")
    return found[1], word
