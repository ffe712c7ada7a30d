"""The tokens of a text: what a transformer reads in place of words."""

from typing import NamedTuple

from embcli.errors import UsageProblem
from embcli.results.queries import ModelCard
from embcli.results.tokens import spellings_of_word, text_of_token
from embcli.results.transformer import TextQuery, TextToken, Tokens
from embcli.transformer.model import Text, Transformer


class TokensQuestion(NamedTuple):
    """A text to be split into tokens."""

    text: str


def answer(model: Transformer, question: TokensQuestion) -> Tokens:
    """The tokens of a text, with the special ones that the model expects around it.

    Raises UsageProblem for an empty text. A text that exceeds the context size is split, too.

        answer(open_transformer("smollm2"), TokensQuestion("The capital of France is")).results[1].token  # 'Ġcapital'
    """
    encoded = model.tokenizer.encode(question.text)
    if not encoded.ids:
        raise UsageProblem("the text has no tokens", "give some text")
    query = TextQuery(question.text, model.config.context)
    return Tokens("embcli.tokens/1", ModelCard.of(model), query, listed(model, encoded.ids))


def listed(model: Transformer, ids: "list[int] | tuple[int, ...]") -> tuple[TextToken, ...]:
    """Tokens as records, by their ids."""
    return tuple(TextToken(position, number, model.tokenizer.token(number)) for position, number in enumerate(ids))


def token_id(model: Transformer, word: str) -> int:
    """The id of the token that a typed word means; the token at the beginning of a word first.

    Raises UsageProblem, with the pieces, for a word of several tokens.

        token_id(open_transformer("smollm2"), "Paris")  # that of 'ĠParis'
    """
    tokenizer = model.tokenizer
    for token in spellings_of_word(word, tokenizer.spelling):
        number = tokenizer.id(token)
        if number is not None:
            return number
    pieces = [tokenizer.token(number) for number in tokenizer.encode(f" {word}", special=False).ids]
    shown = " ".join(repr(text_of_token(piece, tokenizer.spelling)) for piece in pieces)
    raise UsageProblem(f'"{word}" is {len(pieces)} tokens of {model.name}: {shown}', "give a word of one token")


def focus_position(model: Transformer, text: Text, focus: str) -> tuple[int, int]:
    """The first and the last position of a focus in a text: a word that stands there, or `#3` for position 3.

    The last occurrence counts, because it can read the most. Raises UsageProblem if it is not there.
    """
    count = len(text.ids)
    if focus.startswith("#") and focus[1:].isdigit():
        if int(focus[1:]) >= count:
            raise UsageProblem(f"there is no position {focus[1:]}: the text has {count} tokens", "count from 0")
        return int(focus[1:]), int(focus[1:])
    if not focus.strip():
        raise UsageProblem("the focus is empty", "name a word of the text, or #N for position N")
    start = _last_word(text.text, focus)
    special = [i for i, number in enumerate(text.ids) if model.tokenizer.token(number) == focus]
    if start < 0 and special:
        return special[-1], special[-1]
    if start < 0:
        names = " ".join(repr(text_of_token(t.token, model.tokenizer.spelling)) for t in listed(model, text.ids))
        raise UsageProblem(f'"{focus}" is not in the text', f"its tokens are {names}; #N means position N")
    end = start + len(focus)
    places = [i for i, (first, last) in enumerate(text.offsets) if first < end and last > start]
    if not places:
        raise UsageProblem(f'"{focus}" was dropped with the oldest tokens', "shorten the text")
    return places[0], places[-1]


def _last_word(text: str, focus: str) -> int:
    """Where a focus stands last, as a whole word if it does; -1 if nowhere."""
    import re

    for flags in (re.NOFLAG, re.IGNORECASE):
        for pattern in (rf"(?<!\w){re.escape(focus)}(?!\w)", re.escape(focus)):
            found = [match.start() for match in re.finditer(pattern, text, flags)]
            if found:
                return found[-1]
    return -1
