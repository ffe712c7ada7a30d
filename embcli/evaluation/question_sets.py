"""Files of questions with known answers: analogies, and word pairs with human ratings.

- Analogies: lines of four words, `Athens Greece Oslo Norway`, under lines `: section`. Mikolov et al., Efficient
  Estimation of Word Representations in Vector Space, 2013: `questions-words.txt`.
- Pairs: lines of a word and its answers, `cat cats` or `France Paris/paris`. Gladkova et al., Analogy-based
  Detection of Morphological and Semantic Relations (BATS), 2016: one file per section, in folders.
- Ratings: lines of two words and a number, as in WordSim-353 and SimLex-999.
"""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from embcli.errors import BadFile, InputOutputProblem, UsageProblem
from embcli.evaluation.analogy_columns import question_rows
from embcli.evaluation.tables import numbered_lines

ANALOGIES = "questions-words.txt"
RATINGS = ("wordsim353.tsv", "simlex999.txt")
RATING_SUFFIXES = (".txt", ".tsv", ".csv")


class QuestionItem(NamedTuple):
    """The given words of a question (three, or one for pairs), and the words that answer it."""

    words: tuple[str, ...]
    answers: tuple[str, ...]


class Section(NamedTuple):
    """Questions of one relation, either all with three given words or all with one."""

    name: str
    items: tuple[QuestionItem, ...]

    @property
    def is_pairs(self) -> bool:
        """Whether the questions are pairs of words."""
        return len(self.items[0].words) == 1


def read_analogies(path: str | os.PathLike[str] | None = None, notes: list[str] | None = None) -> list[Section]:
    """The sections of a file, or of all `.txt` files in a folder; by default Google's analogies. Raises BadFile.

    notes: receives what was skipped.
    """
    notes = [] if notes is None else notes
    path = packaged(ANALOGIES) if path is None else as_path(path)
    sections = [section for file, name in files_of(path, (".txt",)).items() for section in _sections(file, name, notes)]
    if len({section.is_pairs for section in sections}) > 1:
        raise BadFile(f"{path}: some lines are analogies and some are pairs", "evaluate them separately")
    return sections


def choose_sections(sections: Sequence[Section], names: Sequence[str] | None) -> Sequence[Section]:
    """The sections of these names, in the order of the file; all of them for None. Raises UsageProblem for an unknown.

    choose_sections(read_analogies(), ["family"])[0].name  # "family"
    """
    if names is None:
        return sections
    known = list(dict.fromkeys(section.name for section in sections))
    for name in names:
        if name not in known:
            raise UsageProblem(f'there is no section "{name}"', f"sections: {', '.join(known)}")
    return [section for section in sections if section.name in names]


def as_path(path: str | os.PathLike[str]) -> Path:
    """A path given as text or as a Path. Raises UsageProblem for empty text, which would be the current folder."""
    if path == "":
        raise UsageProblem("the path of the questions is empty", "name a file or a folder")
    return Path(path)


def files_of(path: Path, suffixes: Sequence[str]) -> dict[Path, str]:
    """A file, or those of a folder and its subfolders with some suffixes; each with its name. Raises BadFile."""
    if not path.is_dir():
        return {path: path.stem}
    files = {file: file.relative_to(path).with_suffix("").as_posix() for file in _text_files(path, suffixes)}
    if not files:
        raise BadFile(f"{path}: this folder contains no {' or '.join(suffixes)} files", "give a file of questions")
    return files


def packaged(name: str) -> Path:
    """The path of an evaluation set that is part of gensim, found without importing gensim."""
    spec = find_spec("gensim")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "test" / "test_data" / name
        if path.exists():
            return path
    raise InputOutputProblem(
        f"gensim's {name} is not installed", "give a file, or: pip install --force-reinstall gensim"
    )


def _text_files(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """The files of a folder and its subfolders with some suffixes. Raises InputOutputProblem for an unreadable one."""

    def refuse(error: OSError) -> None:
        raise InputOutputProblem(f"{error.filename}: {error.strerror or error}") from error

    listed = [(Path(here), names) for here, _, names in os.walk(folder, onerror=refuse)]
    return sorted(here / name for here, names in listed for name in names if name.endswith(tuple(suffixes)))


def _sections(path: Path, name: str, notes: list[str]) -> list[Section]:
    """The sections of a file. name: that of the section for lines before the first header."""
    lines = [(number, line) for number, line in numbered_lines(path) if not line.startswith("#")]
    questions = [(number, line) for number, line in lines if not line.startswith(":")]
    has_section = bool(questions) and questions[0] != lines[0]
    rows = dict(question_rows(path, questions, has_section, notes))
    sections: list[tuple[str, list[QuestionItem]]] = [(name, [])]
    for number, line in lines:
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
        elif number in rows:
            *words, last = rows[number]
            answers = tuple(answer for answer in last.split("/") if answer)
            sections[-1][1].append(QuestionItem(tuple(words), answers or (last,)))
    found = [Section(name, tuple(items)) for name, items in sections if items]
    if not found:
        raise BadFile(
            f"{path}: this file contains no questions", "give four words, or a word and its answers, per line"
        )
    return found
