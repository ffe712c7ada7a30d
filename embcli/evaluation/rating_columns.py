"""Which columns of a file of ratings hold the words and the rating: by the header, else by the content.

A choice is certain or refused. The words are the columns that the header names as two words, else the only two columns
of text, apart from parts of speech, contexts and the like. The rating is the only column of numbers, else the one whose
name says so, else the mean in front of its raters.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from embcli.errors import BadFile
from embcli.evaluation.tables import Row, decimal_mark, number_in

RATING_EXAMPLE = "for example: tiger cat 7.35"
# Names of the column of ratings, without blanks and punctuation: those of published sets, and combined words.
PUBLISHED_RATING = re.compile(r"(sim(lex|verb)|wordsim)(999|3500|353)?")
RATING_NAME = re.compile(
    r"(human|gold|mean|avg|average|scores?|ratings?|sim|similarity|relatedness|judge?ments?|annotations?"
    r"|moyenne|note|similarité|jugements?|bewertung|mittelwert|ähnlichkeit|media|promedio|puntuación|similitud"
    r"|punteggio|valutazione|gemiddelde|média|pontuação|оценка|среднее)+"
)
# What stands in front of the number in the names of two columns of words.
RATED_NAMES = {
    "word", "w", "wd", "mot", "m", "wort", "palabra", "palavra", "parola", "woord", "ord", "slovo", "słowo", "слово",
    "kelime", "sana", "szó", "paraula", "词", "单词", "詞", "単語", "단어",
}  # fmt: skip
WORD_PAIRS = {("a", "b"), ("x", "y"), ("left", "right"), ("1", "2"), ("source", "target"), ("cue", "target")}
# Columns of text that are no words, and columns of numbers that are no ratings, by names without numbers.
NOT_WORDS = re.compile(
    r"|id|idx|index|no|pair|pairid|pos|postag|tag|lang|language|type|relation|category|class|label|context|ctx"
    r"|sentence|sent|sense|synset|definition|gloss|comment|comments|source|dataset|split|set|rater|annotator"
)
NOT_RATINGS = re.compile(
    r"|id|idx|index|no|nr|n|num|number|nummer|pair|pairid|count|counts|.*freq(uency)?|nb.*|rank|sd|std|stdev|stddev"
    r"|sem|var|variance"
)
PARTS_OF_SPEECH = re.compile(r"[NVAR]|(noun|verb|adj|adv|adjective|adverb)s?|NN[SP]*|JJ[RS]?|RB[RS]?|VB[DGNPZ]?", re.I)
# Words of a phrase, on average, from which a column holds sentences; raters from which a mean is recognised.
SENTENCE_WORDS, RATERS = 5, 3
# The share of lines that must have a mean of their raters, and the error of a mean with one decimal.
FITTING_MEANS, ROUNDING = 0.95, 0.0501
# Columns of SimLex-999 without its header: two words, the part of speech, and seven numbers, the first the rating.
SIMLEX_COLUMNS = 10


class Columns(NamedTuple):
    """The columns of the words and of the rating, from 0."""

    a: int
    b: int
    score: int


class Table:
    """The rows of a file, and the names of its columns if it has a header. numeric: the columns of numbers."""

    def __init__(self, path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
        self.path, self.rows = path, rows
        self.width = max(len(columns) for _, columns in rows)
        self.names = [*names, *[""] * (self.width - len(names))]
        self.columns = [[one[i] if i < len(one) else "" for _, one in rows] for i in range(self.width)]
        self.marks = [decimal_mark(values) for values in self.columns]
        # A few unreadable ratings are errors, and do not hide the column.
        self.numeric = [i for i in range(self.width) if 2 * sum(v is not None for v in self.numbers(i)) >= len(rows)]

    def numbers(self, column: int) -> list[float | None]:
        """The numbers of a column, None where there is none."""
        return [number_in(value, self.marks[column]) for value in self.columns[column]]

    def described(self, columns: Sequence[int]) -> str:
        """`columns 3 (mean) and 4 (sd)`."""
        texts = [f"{i + 1} ({self.names[i]})" if self.names[i] else str(i + 1) for i in columns]
        return f"columns {', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else f"column {texts[0]}"

    def refuse(self, why: str, example: Sequence[int]) -> BadFile:
        """The error for a choice that is not certain. example: columns of which one triple stands in the hint."""
        chosen = ",".join(str(i + 1) for i in example)
        hint = f"name the columns of the words and of the rating, for example --columns {chosen}"
        if any(self.names) or not self._has_split_decimals():
            return BadFile(f"{self.path}, line {self.rows[0][0]}: {why}", hint)
        return BadFile(f"{self.path}, line {self.rows[0][0]}: {why}", f"quote decimal commas, or {hint}")

    def _has_split_decimals(self) -> bool:
        """Whether the last two columns are whole numbers, as an unquoted 7,35 between commas is."""
        return self.width > 3 and all(value.isdecimal() for column in self.columns[-2:] for value in column if value)


def plain_name(name: str) -> str:
    """A name of a column in lower case, without blanks and punctuation; first and second as numbers.

    plain_name("Human (mean)")  # 'humanmean'
    """
    name = re.sub(r"[\W_]+", "", name.lower())
    return re.sub(r"second|2nd", "2", re.sub(r"first|1st", "1", name))


def is_rating_name(name: str) -> bool:
    """Whether a name is that of a column of ratings: `mean_rating` is, `mean_freq` is not.

    is_rating_name("Human (mean)")  # True
    """
    plain = plain_name(name)
    return bool(PUBLISHED_RATING.fullmatch(plain) or RATING_NAME.fullmatch(plain))


def named_words(names: Sequence[str], numeric: Sequence[int] = ()) -> list[tuple[int, int]]:
    """The pairs of columns that a header names as two words: word1 and word2, else names that differ only in 1 and 2.

    numeric: columns of numbers, which are words only below a full name such as word1; w1 may be a weight.

        named_words(["word1", "pos1", "word2", "pos2"])  # [(0, 2)]
    """
    plain = [plain_name(name) for name in names]
    known, other = [], []
    for i, first in enumerate(plain):
        for j, second in enumerate(plain):
            stem = re.sub(r"[12]", "", first)
            is_text = i not in numeric and j not in numeric
            is_known = stem in RATED_NAMES and (is_text or len(stem) > 2)
            is_counted = "1" in first and first.replace("1", "2", 1) == second
            is_lettered = first[-1:] + second[-1:] == "ab" and first[:-1] == second[:-1] and first[:-1] in RATED_NAMES
            is_repeated = i < j and first in RATED_NAMES and second in (first, first + "1")  # pandas: word, word.1
            if is_lettered or is_repeated or (is_counted and is_known):
                known.append((i, j))
                continue
            is_pair = is_counted or (first, second) in WORD_PAIRS
            if is_pair and is_text and stem not in RATED_NAMES and not (stem and NOT_WORDS.fullmatch(stem)):
                other.append((i, j))
    return known or other


def find_columns(table: Table) -> Columns:
    """The columns of the words and of the rating. Raises BadFile where no choice is certain.

    find_columns(Table(path, ["id", "word1", "word2", "score"], rows))  # Columns(a=1, b=2, score=3)
    """
    if table.width < 3 or not table.numeric:
        odd = next((number for number, columns in table.rows if len(columns) < 3), table.rows[0][0])
        raise BadFile(f"{table.path}, line {odd}: this is not two words and a number", RATING_EXAMPLE)
    named = named_words(table.names, table.numeric)
    if len(named) > 1:
        choices = sorted({column for pair in named for column in pair})
        raise table.refuse(f"{table.described(choices)} may be the words", (*named[0], table.numeric[-1]))
    a, b = named[0] if named else _words_by_content(table)
    return Columns(a, b, _rating_column(table, a, b))


def _words_by_content(table: Table) -> tuple[int, int]:
    texts = [i for i in range(table.width) if i not in table.numeric]
    stems = [re.sub(r"\d", "", plain_name(name)) for name in table.names]
    texts = [i for i in texts if not stems[i] or not NOT_WORDS.fullmatch(stems[i])]
    if len(texts) > 2:
        texts = [i for i in texts if not _are_tags(table.columns[i]) and not _are_sentences(table.columns[i])]
    if len(texts) > 2:  # remarks may follow the rating
        end = next((i for i in table.numeric if i > texts[0]), table.width)
        texts = [i for i in texts if i < end] if texts[1] < end else texts
    if len(texts) < 2 and table.width == 3 and 2 in table.numeric and not _increase(table, 0):
        return 0, 1  # words may be numbers
    if len(texts) == 2 and not any(_are_capital_tags(table.columns[i]) for i in texts):
        return texts[0], texts[1]
    rating = table.numeric[-1]
    others = (texts if len(texts) > 1 else [i for i in range(table.width) if i != rating])[:2]
    if len(texts) > 2:
        raise table.refuse(f"{table.described(texts)} may be the words", (*others, rating))
    raise table.refuse("there are not two columns of words", (*others, rating))


def _rating_column(table: Table, a: int, b: int) -> int:
    numeric = [i for i in table.numeric if i not in (a, b)]
    named = [i for i in numeric if PUBLISHED_RATING.fullmatch(plain_name(table.names[i]))]
    named = named or [i for i in numeric if is_rating_name(table.names[i])]
    if len(named) == 1:
        return named[0]
    other = next((i for i in range(table.width) if i not in (a, b)), 0)
    if len(named) > 1:
        raise table.refuse(f"{table.described(named)} may be the rating", (a, b, named[0]))
    has_names = any(table.names)
    certain = [i for i in numeric if not (has_names and NOT_RATINGS.fullmatch(plain_name(table.names[i])))]
    first = min(a, b)
    certain = [i for i in certain if not (i < first and _increase(table, i))]
    if not certain:
        others = f": {table.described(numeric)} {'is' if len(numeric) == 1 else 'are'} none" if numeric else ""
        raise table.refuse(f"there is no column of ratings{others}", (a, b, numeric[0] if numeric else other))
    after = [i for i in certain if i > max(a, b)]
    # A column that is left over only because of the names of the others is no certain rating.
    if len(certain) == 1 and after == certain and len([i for i in numeric if i > first]) == 1:
        return certain[0]
    if after == certain and (_is_simlex(table, a, b) or _is_mean_of_raters(table, after)):
        return after[0]
    why = "may be the rating" if len(numeric) > 1 else "is not certainly the rating"
    raise table.refuse(f"{table.described(numeric)} {why}", (a, b, (after or certain)[0]))


def _is_simlex(table: Table, a: int, b: int) -> bool:
    """Whether the columns are those of SimLex-999: two words, the part of speech, the rating, six more numbers."""
    is_wide = table.width == SIMLEX_COLUMNS and table.numeric == list(range(3, SIMLEX_COLUMNS))
    return is_wide and (a, b) == (0, 1) and _are_capital_tags(table.columns[2])


def _is_mean_of_raters(table: Table, columns: Sequence[int]) -> bool:
    """Whether the first column, of decimals, is the mean of the others, or between the least and greatest whole number.

    RareWords and SCWS have a word, a word, the mean and ten raters. Means that leave out raters differ from those of
    all, so bounds are compared. Some lines may have an error.
    """
    mean, *raters = (table.numbers(i) for i in columns)
    if len(raters) < RATERS or list(columns) != list(range(columns[0], columns[0] + len(columns))):
        return False
    fitting = 0
    for value, *given in zip(mean, *raters, strict=True):
        found = [one for one in given if one is not None]
        if value is None or not found:
            continue
        is_mean = abs(sum(found) / len(found) - value) <= ROUNDING
        fitting += is_mean or (min(found) <= value <= max(found) and not any(one % 1 for one in found))
    return fitting >= FITTING_MEANS * len(mean) and any(value is not None and value % 1 for value in mean)


def _increase(table: Table, column: int) -> bool:
    """Whether a column holds increasing whole numbers, as the numbers of rows do."""
    values = table.columns[column]
    return all(value.isdecimal() for value in values) and sorted({int(one) for one in values}) == list(map(int, values))


def _are_tags(values: Sequence[str]) -> bool:
    return all(PARTS_OF_SPEECH.fullmatch(value) for value in values)


def _are_capital_tags(values: Sequence[str]) -> bool:
    return len(values) > 2 and _are_tags(values) and all(value.isupper() for value in values)


def _are_sentences(values: Sequence[str]) -> bool:
    return sum(len(value.split()) for value in values) >= SENTENCE_WORDS * len(values)
