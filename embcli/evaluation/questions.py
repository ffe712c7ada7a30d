"""The questions of a section for a method, and the subset that a model covers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from embcli.evaluation.question_sets import Section
from embcli.queries.analogy import ANALOGY_METHODS
from embcli.results.evaluations import TOTALS
from embcli.results.spelling import spellings_of_word, word_of_token
from embcli.search.shared_terms import shares_terms
from embcli.vectors.space import VectorSpace
from embcli.vectors.spellings import folded

PAIR_METHODS = ("3cosavg", "lrcos")
# Questions ranked together, with and without shared terms.
QUESTIONS_THAT_SHARE, QUESTIONS_ALONE = 2048, 512
# Seed of the random baseline and of the negative examples of LRCos.
RANDOM_SEED = 1

# Word of a question → its rows, the most frequent first.
RowsOfWords = Mapping[str, tuple[int, ...]]


class CoveredQuestion(NamedTuple):
    """A question as rows: the given words, the excluded rows (all spellings of these words), and the answers."""

    given: tuple[int, ...]
    excluded: tuple[int, ...]
    answers: tuple[int, ...]


class Task(NamedTuple):
    """Questions for one model and method. pairs: all covered pairs, for the methods that learn from pairs."""

    model: int
    method: str
    top: int | None
    answered: bool  # whether to find the answers in addition to the ranks
    questions: tuple[CoveredQuestion, ...]
    pairs: tuple[tuple[int, int], ...] = ()


class Ranked(NamedTuple):
    """The ranks of the best expected word, and the answering rows; None where the method gives no result."""

    rank: int | None = None
    rank_with_inputs: int | None = None
    answer: int | None = None
    answer_with_inputs: int | None = None


class SectionQuestions:
    """The questions of a section for a method, generated on demand: 1,000 pairs give 999,000 questions.

    tables: the rows of words for each model.
    """

    def __init__(self, section: Section, method: str, tables: Sequence[RowsOfWords]) -> None:
        self.name = f"{section.name} (section)" if section.name in TOTALS else section.name
        self.method = method
        self._items, self._tables = section.items, tables
        self._is_of_two_pairs = section.is_pairs and method in ANALOGY_METHODS
        self._pairs = [_pairs(section, table) if method in PAIR_METHODS else () for table in tables]

    def __len__(self) -> int:
        count = len(self._items)
        return count * count - self._equal_pairs() if self._is_of_two_pairs else count

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The given words and the answers of each question."""
        if not self._is_of_two_pairs:
            yield from self._items
            return
        for one in self._items:  # a is to b as c is to ?, for every two pairs
            known = next((a for a in one.answers if all(a in table for table in self._tables)), one.answers[0])
            for other in self._items:
                if other != one:
                    yield (*one.words, known, *other.words), other.answers

    def tasks(self, model: int, top: int | None, *, answered: bool) -> Iterator[tuple[list[int], Task]]:
        """The covered questions of a model as tasks of bounded size, with the numbers of the questions."""
        numbers: list[int] = []
        covered: list[CoveredQuestion] = []
        last = len(self) - 1
        for number, (words, answers) in enumerate(self):
            question = _covered(words, answers, self._tables[model], self._pairs[model])
            if question is not None:
                numbers.append(number)
                covered.append(question)
            if len(covered) == QUESTIONS_THAT_SHARE or number == last:
                first = 0
                for task in tasks_of(Task(model, self.method, top, answered, tuple(covered), self._pairs[model])):
                    yield numbers[first : first + len(task.questions)], task
                    first += len(task.questions)
                numbers, covered = [], []

    def _equal_pairs(self) -> int:
        """The number of (pair, pair) combinations with equal pairs, including each pair with itself."""
        counts: dict[Any, int] = {}
        for item in self._items:
            counts[item] = counts.get(item, 0) + 1
        return sum(count * count for count in counts.values())


def rows_of_words(space: VectorSpace, words: Iterable[str], top: int | None, case_sensitive: bool) -> RowsOfWords:
    """The rows of words, the most frequent first: of the exact word, or of all its spellings (`folded`).

    Of the tokens of a transformer, those that begin a word are words.
    """
    spelling = space.spelling
    if case_sensitive:
        words = list(words)
        space.prefetch(words)
        exact = {word: space.vocabulary.find(_as_token(word, spelling)) for word in words}
        return {word: (row,) for word, row in exact.items() if row is not None and (top is None or row < top)}
    keys = {word: folded(word) for word in words}
    wanted = set(keys.values())
    rows: dict[str, tuple[int, ...]] = {}
    for row, found in space.vocabulary.spelled_like(keys, top):
        word = found if spelling is None else word_of_token(found, spelling)
        if (key := folded(word)) in wanted:
            rows[key] = (*rows.get(key, ()), row)
    return {word: rows[key] for word, key in keys.items() if key in rows}


def _as_token(word: str, spelling: str | None) -> str:
    return word if spelling is None else spellings_of_word(word, spelling)[0]


def _covered(
    words: Sequence[str], answers: Sequence[str], table: RowsOfWords, pairs: Sequence[tuple[int, int]]
) -> CoveredQuestion | None:
    """A question as rows; None if a word or all answers are unknown, or if no other pair is left to learn from."""
    given = [table.get(word) for word in words]
    expected = [row for answer in answers for row in table.get(answer, ())]
    if not expected or not all(given):
        return None
    excluded = [row for rows in given if rows for row in rows]
    if pairs and all(left == excluded[0] for left, _ in pairs):
        return None
    one_each = tuple(rows[0] for rows in given if rows)
    return CoveredQuestion(one_each, tuple(dict.fromkeys(excluded)), tuple(dict.fromkeys(expected)))


def _pairs(section: Section, table: RowsOfWords) -> tuple[tuple[int, int], ...]:
    """The pairs of a section as rows, with the first answer that is in the vocabulary."""
    pairs = []
    for (word,), answers in section.items:
        left = table.get(word)
        right = next((table[answer] for answer in answers if answer in table), None)
        if left and right:
            pairs.append((left[0], right[0]))
    return tuple(pairs)


def tasks_of(task: Task) -> Iterator[Task]:
    """Split a task into tasks of bounded size."""
    terms = [terms_of(question) for question in task.questions] if task.method == "3cosadd" else []
    has_shared_terms = task.method in ANALOGY_METHODS and (not terms or shares_terms(terms))
    size = QUESTIONS_THAT_SHARE if has_shared_terms else QUESTIONS_ALONE
    for first in range(0, len(task.questions), size):
        yield task._replace(questions=task.questions[first : first + size])


def terms_of(question: CoveredQuestion) -> list[tuple[int, float]]:
    """The rows and weights of b - a + c."""
    a, b, c = question.given
    return [(b, 1.0), (a, -1.0), (c, 1.0)]
