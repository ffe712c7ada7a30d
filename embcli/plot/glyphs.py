"""The width of texts in a picture, before anything draws it.

Arial, Helvetica, Liberation Sans and Arimo have the same widths: those of Helvetica in Adobe's font metrics (AFM, in
thousandths of the font size). One of them is on every system, so pictures name them and embed nothing.
"""

import unicodedata
from functools import lru_cache

SANS = "Arial, Helvetica, Liberation Sans, Arimo, sans-serif"
# Width → its characters.
WIDTHS = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[\\]ft",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jcksvxyz",
    556: "#$0123456789?L_abdeghnopqu",
    584: "+<=>~−×",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@",
}
WIDTH_OF = {character: width for width, characters in WIDTHS.items() for character in characters}
# Other scripts come from another font, of which only this is sure: ideographs are squares. The rest is rounded up.
WIDE, OTHER = 1000, 720


@lru_cache(1 << 12)
def _width(character: str) -> int:
    if character in WIDTH_OF:
        return WIDTH_OF[character]
    if unicodedata.combining(character):
        return 0
    base = unicodedata.normalize("NFD", character)[0]  # é is as wide as e
    if base in WIDTH_OF:
        return WIDTH_OF[base]
    return WIDE if unicodedata.east_asian_width(character) in "WF" else OTHER


def text_width(text: str, size: float) -> float:
    """The width of a text in a font of `size` pixels: the sum of the widths of its characters, without kerning.

    text_width("king", 10)  # (500 + 222 + 556 + 556) / 1000 × 10 = 18.34
    """
    return sum(map(_width, text)) * size / 1000


def shortened(text: str, size: float, room: float) -> str:
    """The text, or as much of it as fits, with an ellipsis.

    shortened("king", 10, 15)  # "k…"
    """
    if text_width(text, size) <= room:
        return text
    kept = text
    while kept and text_width(f"{kept}…", size) > room:
        kept = kept[:-1]
    return f"{kept}…"
