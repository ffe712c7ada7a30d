"""The tokens of a text: what a transformer reads in place of words."""

from typing import NamedTuple

from embcli.errors import UsageProblem
from embcli.results.model_card import ModelCard
from embcli.results.spelling import spellings_of_word, text_of_token
from embcli.results.tokens import TextQuery, TextToken, Tokens
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


class Focus(NamedTuple):
    """Where a focus stands: its first and its last token, how the text has it, and how often it stands there."""

    first: int
    last: int
    written: str
    times: int = 1
    is_part: bool = False


def find_focus(model: Transformer, text: Text, focus: str) -> Focus:
    """Where a focus stands in a text: a word, or `#3` for position 3.

    The last occurrence counts, because it can read the most. Raises UsageProblem if it is not there.
    """
    count = len(text.ids)
    if focus.startswith("#") and focus[1:].isdigit():
        if int(focus[1:]) >= count:
            raise UsageProblem(f"there is no position {focus[1:]}: the text has {count} tokens", "count from 0")
        return Focus(int(focus[1:]), int(focus[1:]), focus)
    if not focus.strip():
        raise UsageProblem("the focus is empty", "name a word of the text, or #N for position N")
    starts, is_part = _places_of_word(text.text, focus)
    special = [i for i, number in enumerate(text.ids) if model.tokenizer.token(number) == focus]
    if not starts and special:
        return Focus(special[-1], special[-1], focus, len(special))
    if not starts:
        names = " ".join(repr(text_of_token(t.token, model.tokenizer.spelling)) for t in listed(model, text.ids))
        raise UsageProblem(f'"{focus}" is not in the text', f"its tokens are {names}; #N means position N")
    start, end = starts[-1], starts[-1] + len(focus)
    places = [i for i, (first, last) in enumerate(text.offsets) if first < end and last > start]
    if not places:
        raise UsageProblem(f'"{focus}" was dropped with the oldest tokens', "shorten the text")
    return Focus(places[0], places[-1], text.text[start:end], len(starts), is_part)


def focus_warnings(model: Transformer, text: Text, focus: str, place: Focus) -> tuple[str, ...]:
    """What a reader should know of a focus: that it means little, or is not quite what was typed."""
    warnings = []
    if place.last == 0 and model.is_causal:
        warnings.append(
            "the focus is token 0, on which most heads rest (an attention sink), so it means little; put text before it"
        )
    if place.first < place.last:
        pieces = [model.tokenizer.token(i) for i in text.ids[place.first : place.last + 1]]
        shown = " ".join(repr(text_of_token(piece, model.spelling)) for piece in pieces)
        warnings.append(f"{focus} is {len(pieces)} tokens, {shown}; the last one is shown")
    if place.is_part:
        warnings.append(f"{focus} stands only inside a longer word; #N means position N")
    if place.written != focus:
        warnings.append(f"{focus} is written {place.written}")
    if place.times > 1:
        warnings.append(f"{place.written} stands {place.times} times; the last one is shown; #N means position N")
    return tuple(warnings)


def _places_of_word(text: str, focus: str) -> tuple[list[int], bool]:
    """Where a focus stands: as a whole word if it does, else as a part of one, which is reported."""
    import re

    for flags in (re.NOFLAG, re.IGNORECASE):
        for pattern in (rf"(?<!\w){re.escape(focus)}(?!\w)", re.escape(focus)):
            found = [match.start() for match in re.finditer(pattern, text, flags)]
            if found:
                return found, not pattern.startswith("(")
    return [], False
