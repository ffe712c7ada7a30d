"""Parse `king - 0.5*man + "new york"` into weighted terms.

    expression := [sign] term (sign term)*          sign := a free-standing + or -
    term       := [number *]… factor [* number | / number]…
    factor     := word | "quoted word" | ( expression )
    analogy    := a:b::c:?                          means b - a + c
    triple     := a b c                             means b - a + c, where a command allows it

A word is any text between spaces or parentheses, so `e-mail`, `'s`, `-foo` and `3.5` are words, and `Apple_(company)`,
whose parentheses directly follow a letter; a number is a weight only before `*`, or after `*` or `/`. Inside quotes,
`\\"` and `\\\\` stand for `"` and `\\`. Dashes, spaces and quotation marks of web pages stand for `-`, ` ` and `"`.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from embcli.errors import ExpressionSyntaxError, UsageProblem


class Term(NamedTuple):
    """A word and its weight."""

    word: str
    weight: float


class Expression(NamedTuple):
    """A weighted sum of words."""

    terms: tuple[Term, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the terms."""
        return tuple(term.word for term in self.terms)

    def __str__(self) -> str:
        return spell(self.terms)


def spell(terms: Iterable[tuple[str, float]]) -> str:
    """Weighted words as an expression that parses to the same terms, with weights to 12 digits.

    spell([("king", 1.0), ("new york", -0.5)])  # 'king - 0.5*"new york"'
    """
    text = ""
    for word, weight in terms:
        sign = "-" if weight < 0 else "+"
        scale = "" if abs(weight) == 1 else f"{abs(weight):.12g}*"
        if text:
            text += f" {sign} "
        elif sign == "-":
            text += "- "
        text += scale + quote(word)
    return text


NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
QUOTED = r'(?:"(?:[^"\\]|\\["\\])*"|\u201c[^\u201d]*\u201d|\u201e[^\u201c\u201d]*[\u201c\u201d])'
COLON_WORD = rf'(?:{QUOTED}|[^\s:"]+)'
# Also U+2212, the en dash and the em dash, in books, on slides and web pages.
SIGN_VALUES = {"+": 1.0, "\u2212": -1.0, "\u2013": -1.0, "\u2014": -1.0, "-": -1.0}

# The tokens, tried in this order. Blanks are those of Unicode, such as the no-break spaces of web pages.
TOKEN = re.compile(
    rf"""(?P<quoted>{QUOTED})
       | (?P<open>\() | (?P<close>\))
       | (?P<scale>{NUMBER}\*)
       | (?P<sign>[{"".join(SIGN_VALUES)}])(?=[\s()]|$)
       | (?P<times>\*)(?=[\s("]|$)
       | (?P<divide>/)(?=\s|$)
       | (?P<word>[^\s()"](?:[^\s()]|(?<=[^\W\d])\([^\s()]*\))*)
       | (?P<unclosed>")""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A token of an expression: its group in TOKEN, its text, and its offset."""

    kind: str
    text: str
    position: int


def parse(source: str, *, triple: bool = False) -> Expression:
    """The terms of an expression. Raises ExpressionSyntaxError with the position of the error.

    With `triple`, three bare words `a b c` mean `b - a + c` (a is to b as c is to ?), as in the tools of word2vec
    and GloVe.

        str(parse("2 * (germany - japan)"))  # '2*germany - 2*japan'
    """
    if "::" in source:
        proportion = re.fullmatch(rf"\s*({COLON_WORD})\s*:\s*({COLON_WORD})\s*::\s*({COLON_WORD})\s*:\s*\?\s*", source)
        if proportion:
            return _analogy(source, [Token("word", unquote(proportion[i]), proportion.start(i)) for i in (1, 2, 3)])
        _refuse_broken_proportion(source)
    tokens = list(_tokens(source))
    if not tokens:
        raise ExpressionSyntaxError("the expression is empty", source, 0, "for example king - man + woman")
    if triple and len(tokens) > 1 and {token.kind for token in tokens} <= {"word", "quoted"}:
        if len(tokens) == 3:
            return _analogy(source, tokens)
        raise ExpressionSyntaxError(
            f"an analogy has three words, not {len(tokens)}",
            source,
            tokens[min(len(tokens) - 1, 3)].position,
            "give three words: man king woman; or put + and - between them",
        )
    terms = _Parser(source, tokens).parse()
    for word, weight in terms:
        if not math.isfinite(weight):
            raise UsageProblem(f'the weight of "{word}" is too large', "use weights nearer to 1")
    return Expression(tuple(terms))


def quote(word: str) -> str:
    """A word as an expression spells it: quoted if it would be parsed differently without quotes."""
    tokens = TOKEN.match(word)
    plain = tokens is not None and tokens.lastgroup == "word" and tokens.end() == len(word)
    if plain and "::" not in word and not ("*" in word and re.match(NUMBER + r"\*", word)):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """The word without its quotes and escapes, if it is quoted."""
    if not re.fullmatch(QUOTED, text):
        return text
    return re.sub(r'\\(["\\])', r"\1", text[1:-1]) if text[0] == '"' else text[1:-1]


def _analogy(source: str, words: Sequence[Token]) -> Expression:
    for word in words:
        if not word.text:
            raise no_word(source, word.position)
    a, b, c = (word.text for word in words)
    return Expression((Term(b, 1.0), Term(a, -1.0), Term(c, 1.0)))


def no_word(source: str, position: int) -> ExpressionSyntaxError:
    """The error for `""`."""
    hint = "put a word between the quotation marks"
    return ExpressionSyntaxError('"" is not a word', source, position, hint)


def _tokens(source: str) -> Iterator[Token]:
    position = 0
    while position < len(source):
        if source[position].isspace():
            position += 1
            continue
        match = TOKEN.match(source, position)
        assert match is not None, "some group matches any character that is not a space"
        kind, text = str(match.lastgroup), match.group()
        if kind == "unclosed":
            raise ExpressionSyntaxError(
                "a quotation mark is not closed", source, position, 'close it; for the word " itself, write "\\""'
            )
        yield Token(kind, unquote(text) if kind == "quoted" else text, position)
        position = match.end()


def _refuse_broken_proportion(source: str) -> None:
    """Raise an error for malformed proportions such as `a:b::c`, which are not words."""
    bare = re.sub(rf"(?<![^\s:(]){QUOTED}", lambda match: "q" * len(match.group()), source)
    broken = re.search(r":::|^\s*::|::\s*$|[^\s:]\s*:\s*[^\s:]+\s*::|::\s*[^\s:]*\s*:", bare)
    if broken and "::" in bare:
        raise ExpressionSyntaxError(
            "this is not of the form a:b::c:?", source, bare.index("::"), "for example man:king::woman:?"
        )


class _Parser:
    """Recursive descent over the tokens; the methods for grammar rules return terms and advance `self.next`."""

    def __init__(self, source: str, tokens: Sequence[Token]) -> None:
        self.source = source
        self.tokens = [*tokens, Token("end", "", len(source))]
        self.next = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def parse(self) -> list[Term]:
        terms = self.expression(depth=0)
        if self.token.kind == "close":
            raise self.error('")" without "("', "remove it; for the word itself, write '\")\"'")
        return terms

    def expression(self, depth: int) -> list[Term]:
        if depth > 50:
            raise self.error("parentheses are nested too deeply", "write the expression with fewer parentheses")
        terms: list[Term] = []
        sign = SIGN_VALUES[self.take().text] if self.token.kind == "sign" else 1.0
        while True:
            terms += _scaled(self.term(depth), sign)
            if self.token.kind in ("end", "close"):
                return terms
            if self.token.kind != "sign":
                raise self.unexpected()
            sign = SIGN_VALUES[self.take().text]

    def term(self, depth: int) -> list[Term]:
        scale = 1.0
        while self.token.kind == "scale" or self.number_before_star():
            number = self.take()
            if number.kind == "word":
                self.take()  # the free-standing star
            scale *= float(number.text.rstrip("*"))
        terms = _scaled(self.factor(depth), scale)
        while self.token.kind in ("times", "divide") or self.glued_division():
            terms = _scaled(terms, self.multiplier())
        return terms

    def factor(self, depth: int) -> list[Term]:
        token = self.token
        if token.kind in ("word", "quoted"):
            if not token.text:
                raise no_word(self.source, token.position)
            self.take()
            return [Term(token.text, 1.0)]
        if token.kind == "open":
            self.take()
            terms = self.expression(depth + 1)
            if self.token.kind != "close":
                raise self.error('")" is missing', f'close the "(" of column {token.position + 1}')
            self.take()
            return terms
        if token.kind == "end":
            alone = self.tokens[0].text if len(self.tokens) == 2 else ""
            hint = f"to use a sign as a word, quote it: '\"{alone}\"'" if alone else "for example king - man + woman"
            raise self.error("a word is missing at the end", hint)
        raise self.error(
            f'a word is missing before "{token.text}"', f"to use a sign as a word, quote it: '\"{token.text}\"'"
        )

    def multiplier(self) -> float:
        """The factor of `* number` or `/ number`, or of `/number` after a parenthesis."""
        operator = self.take()
        glued = operator.kind == "word"
        number = operator._replace(text=operator.text[1:], position=operator.position + 1) if glued else self.take()
        if not re.fullmatch(NUMBER, number.text):
            raise ExpressionSyntaxError(
                f'a number must follow "{operator.text[0]}"', self.source, number.position, "for example 0.5"
            )
        value = float(number.text)
        if operator.text[0] == "*":
            return value
        if value == 0:
            raise ExpressionSyntaxError("division by zero", self.source, number.position, "divide by another number")
        return 1 / value

    def number_before_star(self) -> bool:
        return re.fullmatch(NUMBER, self.token.text) is not None and self.tokens[self.next + 1].kind == "times"

    def glued_division(self) -> bool:
        """Whether a token such as `/2`, usually a word, directly follows `)`."""
        before = self.tokens[self.next - 1]
        return (
            before.kind == "close"
            and self.token.position == before.position + 1
            and re.fullmatch("[/*]" + NUMBER, self.token.text) is not None
        )

    def take(self) -> Token:
        token = self.token
        self.next = min(self.next + 1, len(self.tokens) - 1)
        return token

    def unexpected(self) -> ExpressionSyntaxError:
        token = self.token
        if token.kind == "word" and len(token.text) > 1 and token.text[0] in SIGN_VALUES:
            hint = f'put a space after "{token.text[0]}"'
        else:
            hint = "for example king - man + woman; a phrase needs quotes: '\"new york\"'"
        return self.error(f'"+" or "-" is missing before "{token.text}"', hint)

    def error(self, message: str, hint: str) -> ExpressionSyntaxError:
        return ExpressionSyntaxError(message, self.source, self.token.position, hint)


def _scaled(terms: list[Term], scale: float) -> list[Term]:
    return [Term(word, weight * scale) for word, weight in terms]
