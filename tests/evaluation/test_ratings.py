"""Ratings and analogies in the layouts in which people publish them."""

from pathlib import Path

import pytest
from process import Outcome, ask, settle, share

from embcli.evaluation.ratings import read_ratings
from embcli.models.open import StoredSpace

PAIRS = [
    ("river", "stream", "8.1"), ("car", "bicycle", "5.5"), ("apple", "justice", "0.4"), ("teacher", "pupil", "6.2"),
    ("ocean", "sea", "9.3"), ("paper", "tree", "3.9"),
]  # fmt: skip


def lines(template: str, header: str = "", comma: bool = False) -> str:
    rows = [template.format(a=a, b=b, s=s.replace(".", ",") if comma else s, i=i) for i, (a, b, s) in enumerate(PAIRS)]
    return "\n".join([*([header] if header else []), *rows, ""])


LAYOUTS = {
    "three columns": lines("{a} {b} {s}"),
    "tabs and a header": lines("{a}\t{b}\t{s}", "word1\tword2\tscore"),
    "SimLex-999": lines(
        "{a}\t{b}\tN\t{s}\t4.5\t4.9\t3\t1.2\t0\t0.6",
        "word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\tconcQ\tAssoc(USF)\tSimAssoc333\tSD(SimLex)",
    ),
    "SimVerb": lines("{a}\t{b}\tV\t{s}\tSYNONYMS"),
    "RareWords": lines("{a}\t{b}\t{s}\t0\t9\t7\t10"),
    "WordSim set1": lines("{a},{b},{s},8,9,7", "Word 1,Word 2,Human (mean),1,2,3"),
    "quoted CSV": lines('"{a}","{b}","{s}"', '"word1","word2","similarity"'),
    "an id first": lines("{i},{a},{b},{s}", "id,word1,word2,score"),
    "an index first": lines("{i}\t{a}\t{b}\t{s}"),
    "raters before the mean": lines("{a}\t{b}\t1\t10\t{s}", "word1\tword2\trater1\trater2\tmean"),
    "decimal commas": lines("{a};{b};{s}", comma=True),
    "decimal commas and tabs": lines("{a}\t{b}\t{s}", comma=True),
    "comments": "# a set\n" + lines("{a} {b} {s}"),
    "a byte order mark": "\ufeff" + lines("{a},{b},{s}", "Wort 1,Wort 2,Wert"),
}


@pytest.fixture
def at_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, share(home, tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def evaluate(text: str, *options: str) -> Outcome:
    Path("set.txt").write_text(text, "utf-8")
    return ask("evaluate", "similarity", "set.txt", "--json", *options)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ratings_are_found_in_any_layout_and_what_was_taken_is_reported(layout: str, at_home: None) -> None:
    status, out, err = evaluate(LAYOUTS[layout])
    assert status == 0
    assert '"spearman": 0.828571' in out
    assert '"pearson": 0.940379' in out
    is_plain = layout in ("three columns", "tabs and a header", "quoted CSV", "decimal commas", "comments")
    is_plain = is_plain or layout in ("decimal commas and tabs", "a byte order mark")
    assert ("ratings from column" in err) is not is_plain


def test_columns_decide(at_home: None) -> None:
    text = lines("{i} {s} {a} {b} 1")
    assert '"pearson": 0.940379' in evaluate(text, "--columns", "3,4,2").out
    status, _, err = evaluate(text, "--columns", "3,4")
    assert status == 2
    assert "for example --columns 1,2,4" in err
    assert ask("evaluate", "similarity", "--columns", "1,2,3").status == 2


@pytest.mark.parametrize("line", [0, 3])
@pytest.mark.parametrize("rating", ["NA", "n/a", "-", "?", "nan", "inf"])
def test_a_rating_that_cannot_be_read_is_an_error_and_no_header(line: int, rating: str, tmp_path: Path) -> None:
    rows = lines("{a}\t{b}\t{s}").splitlines()
    rows[line] = f"river\tstream\t{rating}"
    (tmp_path / "set.tsv").write_text("\n".join(rows) + "\n")
    with pytest.raises(Exception, match=f"line {line + 1}"):
        read_ratings(tmp_path / "set.tsv")


def test_a_folder_of_ratings_is_a_set_a_file(at_home: None) -> None:
    Path("sets/more").mkdir(parents=True)
    Path("sets/a.csv").write_text(LAYOUTS["WordSim set1"])
    Path("sets/more/b.tsv").write_text(LAYOUTS["SimVerb"])
    rows = ask("evaluate", "similarity", "sets", "--json").out
    assert '"section": "a"' in rows
    assert '"section": "more/b"' in rows


# --- Analogies ----------------------------------------------------------------------------------------------------


def answers(text: str, *options: str) -> Outcome:
    Path("set.txt").write_text(text, "utf-8")
    return ask("evaluate", "analogies", "set.txt", "--json", *options)


def test_comments_and_column_names_are_no_questions(at_home: None) -> None:
    status, out, err = answers(
        "# a set\nword1 word2 word3 word4\nman woman king queen\n# more\nfrance paris italy rome\n"
    )
    assert status == 0
    assert '"asked": 2' in out
    assert err == "embcli: note: set.txt, line 2: skipped the names of the columns: word1 word2 word3 word4\n"


def test_answers_are_split_at_slashes_in_four_columns_as_in_two(at_home: None) -> None:
    Path("details.jsonl").unlink(missing_ok=True)
    status, _, _ = answers("man woman king monarch/queen\n", "--details", "details.jsonl")
    assert status == 0
    assert '"expected": ["monarch", "queen"]' in Path("details.jsonl").read_text()
    assert '"rank": 1,' in Path("details.jsonl").read_text()


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("good better rough JJ_JJR\n", (), "JJ_JJR is a relation, not a word"),
        ("xyzzyq zzqqx qqzzy xxqqz\nqqqzzzq zzzqqqz xyzzyq zzzqqqz\n", (), "the vocabulary lacks its words"),
        ("Athens Greece Oslo Norway\n", ("--case-sensitive",), "its words are spelled in another case"),
        ("athens greece oslo norway\n", ("--vocab", "10"), "its words are not among the first 10"),
    ],
)
def test_where_nothing_is_covered_the_reason_and_some_words_are_given(
    text: str, options: tuple[str, ...], why: str, at_home: None
) -> None:
    status, out, err = answers(text, *options)
    assert status == 1
    assert '"covered": 0' in out
    assert why in err
    assert err.endswith("words of glove: the, ,, .\n")


def test_words_with_parts_of_speech_are_explained(at_home: None) -> None:
    status, _, err = evaluate("river-n stream-n 8.1\ncar-n bicycle-n 5.5\n")
    assert status == 1
    assert "its words end in parts of speech (river-n)" in err


def test_the_packaged_sets_need_no_note(glove: StoredSpace, at_home: None) -> None:
    status, out, err = ask("evaluate", "similarity", "--json")
    assert (status, err) == (0, "")
    assert '"spearman": 0.503' in out
