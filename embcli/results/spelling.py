"""How files spell tokens, and the text that a token stands for.

bytes    each byte of UTF-8 is a character (Radford et al. 2019): Ġking is " king", Ċ a line feed, Ã© is é
spaces   a space is ▁ (SentencePiece): ▁king is " king", <0x0A> a line feed
pieces   a piece inside a word begins with ## (BERT): ##ing; other pieces begin a word: king
"""

import re
from functools import cache

BYTES, SPACES, PIECES = "bytes", "spaces", "pieces"
SPACE_MARK, PIECE_MARK = "\u2581", "##"
BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")


@cache
def byte_characters() -> dict[int, str]:
    """The character of each byte in the spelling `bytes`: printable characters of Latin-1 stand for themselves.

    byte_characters()[32]  # 'Ġ'
    """
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + place) for place, byte in enumerate(others)}


@cache
def _bytes_of_characters() -> dict[str, int]:
    return {character: byte for byte, character in byte_characters().items()}


def text_of_token(token: str, spelling: str) -> str:
    """The text that a token stands for; bytes that are no UTF-8 as \\xNN.

    text_of_token("Ġking", "bytes"), text_of_token("▁king", "spaces")  # (' king', ' king')
    """
    if spelling == BYTES:
        table = _bytes_of_characters()
        if not all(character in table for character in token):
            return token  # a special token
        return bytes(table[character] for character in token).decode("utf-8", "backslashreplace")
    if spelling == SPACES:
        byte = BYTE_TOKEN.fullmatch(token)
        if byte is not None:
            return bytes([int(byte[1], 16)]).decode("utf-8", "backslashreplace")
        return token.replace(SPACE_MARK, " ")
    return token


def token_of_text(text: str, spelling: str) -> str:
    """A text as the file would spell it as one token: token_of_text(" king", "bytes") is "Ġking"."""
    if spelling == BYTES:
        table = byte_characters()
        return "".join(table[byte] for byte in text.encode("utf-8", "replace"))
    return text.replace(" ", SPACE_MARK) if spelling == SPACES else text.strip()


def word_of_token(token: str, spelling: str) -> str:
    """The word that a token begins with, without its mark; an empty text for tokens inside words.

    word_of_token("Ġking", "bytes"), word_of_token("##ing", "pieces")  # ('king', '')
    """
    if spelling == PIECES:
        return "" if token.startswith(PIECE_MARK) else token
    text = text_of_token(token, spelling)
    return text[1:] if text.startswith(" ") else ""


def spellings_of_word(word: str, spelling: str) -> list[str]:
    """The tokens that a typed word may mean, the most likely first: as it is, at the beginning of a word, inside one.

    spellings_of_word("king", "bytes")  # ['Ġking', 'king']
    """
    marked = {BYTES: byte_characters()[32], SPACES: SPACE_MARK, PIECES: PIECE_MARK}[spelling]
    if word.startswith(marked) or not word:
        return [word]
    if spelling == PIECES:
        return [word, word.lower()]
    inside = token_of_text(word, spelling)
    cases = [word, *(other for other in (word.lower(), word.capitalize()) if other != word)]
    whole = [token_of_text(f" {each}", spelling) for each in cases]
    return list(dict.fromkeys([whole[0], inside, word, *whole[1:]]))
