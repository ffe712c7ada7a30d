"""Ratings and analogies in the layouts in which people publish them."""

import re
from pathlib import Path

import pytest
from process import Outcome, ask, settle, share

from embcli.errors import BadFile
from embcli.evaluation.question_sets import read_analogies
from embcli.evaluation.ratings import read_rating_file, read_ratings
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


# What each file's columns are, as reported: the words, the rating, the number of pairs.
COLUMNS = {
    "part of speech after each word": (lines("{a},n,{b},n,{s}", "word1,pos1,word2,pos2,score"), "1 and 3", "5 (score)"),
    "part of speech first": (lines("N,{a},{b},{s}", "pos,word1,word2,score"), "2 and 3", "4 (score)"),
    "a pair's name first": (lines("p{i}\t{a}\t{b}\t{s}", "pair\tword1\tword2\tscore"), "2 and 3", "4 (score)"),
    "id and language": (lines("{i},en,{a},{b},{s}", "id,lang,word1,word2,score"), "3 and 4", "5 (score)"),
    "words beside lemmas": (
        lines("{a},x,{b},y,{s}", "word1,lemma1,word2,lemma2,score"),
        "1 and 3",
        "5 (score)",
    ),
    "first and second": (lines("q{i};{a};{b};{s}", "Item;First word;Second word;Mean"), "2 and 3", "4 (Mean)"),
    "letters": (lines("x,{a},{b},{s}", "kind,word_a,word_b,score"), "2 and 3", "4 (score)"),
    "other names in 1 and 2": (lines("x,{a},{b},{s}", "kind,Begriff 1,Begriff 2,score"), "2 and 3", "4 (score)"),
    "SCWS": (
        lines('{i}\t{a}\tn\t{b}\tn\tin the <b> {a} </b> of "a"\t"It was a <b> {b} </b> of\t{s}\t0.0\t9\t10'),
        "2 and 4",
        "8",
    ),
    "a mean frequency": (lines("{a},{b},99.5,{s}", "word1,word2,mean_freq,mean_rating"), "1 and 2", "4 (mean_rating)"),
    "the number of judges": (lines("{a};{b};12;{s}", "mot1;mot2;nb_juges;moyenne"), "1 and 2", "4 (moyenne)"),
    "a number in German": (lines("{a},{b},{i},{s}", "Wort1,Wort2,Nummer,Bewertung"), "1 and 2", "4 (Bewertung)"),
    "mean and deviation": (lines("{a},{b},{s},0.5,12", "word1,word2,mean,sd,n"), "1 and 2", "3 (mean)"),
    "the score first": (lines("{s},{a},{b}", "score,word1,word2"), "2 and 3", "1 (score)"),
    "SimLex-999 without names": (lines("{a}\t{b}\tN\t{s}\t4.5\t4.9\t3\t1.2\t0\t0.6"), "1 and 2", "4"),
    "R's write.table": (lines('"{i}" "{a}" "{b}" {s}', '"word1" "word2" "score"'), "2 and 3", "4 (score)"),
    "R with tabs": (lines('"{i}"\t"{a}"\t"{b}"\t{s}', '"V1"\t"V2"\t"V3"'), "2 and 3", "4 (V3)"),
    "pandas without names, with an index": (lines("{i},{a},{b},{s}", ",0,1,2"), "2 and 3", "4"),
    "pandas without names, with an index and tabs": (lines("{i}\t{a}\t{b}\t{s}", "\t0\t1\t2"), "2 and 3", "4"),
    "separators at the end": (lines("{a},{b},{s},", "word1,word2,score"), "1 and 2", "3 (score)"),
    "remarks": (lines("{a},{b},{s},a remark"), "1 and 2", "3"),
}
# What is refused, in which line, and what the error says.
UNCERTAIN = {
    "decimal commas without quotes": (lines("{a},{b},{s}", comma=True), 1, "columns 3 and 4 may be the rating; quote"),
    "the same below names": (lines("{a},{b},{s}", "word1,word2,score", comma=True), 2, "4 columns, and names of 3"),
    "one of them": ("river,stream,8\nocean,sea,9,3\npaper,tree,4\n", 2, "4 columns instead of 3"),
    "two columns of numbers": (lines("{a},{b},{s},3"), 1, "columns 3 and 4 may be the rating"),
    "with unknown names": (lines("{a},{b},3,{s}", "word1,word2,x,y"), 2, "columns 3 (x) and 4 (y) may be the rating"),
    "two names": (lines("{a},{b},{s},3", "word1,word2,similarity,relatedness"), 2, "(similarity) and 4 (relatedness)"),
    "raters alone": (lines("{a},{b},1,9,5"), 1, "columns 3, 4 and 5 may be the rating"),
    "a frequency alone": (lines("{a},{b},{s}", "word1,word2,freq"), 2, "no column of ratings: column 3 (freq)"),
    "an id alone": (lines("{i},{a},{b}", "id,word1,word2"), 2, "no column of ratings: column 1 (id) is none"),
    "a number first": (lines("{s} {a} {b}"), 1, "column 1 is not certainly the rating"),
    "a number between": (lines("{a} {s} {b}"), 1, "column 2 is not certainly the rating"),
    "three columns of text": (lines("en {a} {b} {s}"), 1, "columns 1, 2 and 3 may be the words"),
    "two pairs of words": (
        lines("{a},{b},{b},{a},{s}", "word1,mot1,word2,mot2,score"),
        2,
        "(word1), 2 (mot1), 3 (word2)",
    ),
    "a word and a part of speech": (lines("{a} N {s}"), 1, "there are not two columns of words"),
    "numbers of lines and one word": (lines("{i} {a} {s}"), 1, "there are not two columns of words"),
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


def test_python_receives_what_was_taken_in_a_list(tmp_path: Path) -> None:
    notes: list[str] = []
    file = tmp_path / "ratings.csv"
    file.write_text("id,word1,word2,score\n1,king,queen,8\n2,man,woman,9\n")
    assert read_ratings(str(file), notes) == read_ratings(file)
    assert notes == ["words from columns 2 and 3, ratings from column 4 (score): king queen 8"]
    assert read_analogies(None, notes)
    assert len(notes) == 1


@pytest.mark.parametrize("kind", COLUMNS)
def test_names_and_known_layouts_decide_which_columns_are_taken(kind: str, tmp_path: Path) -> None:
    text, words, score = COLUMNS[kind]
    (tmp_path / "set.csv").write_text(text)
    ratings, note = read_rating_file(tmp_path / "set.csv")
    assert ratings == [(a, b, float(s)) for a, b, s in PAIRS]
    assert note.startswith(f"words from columns {words}, ratings from column {score}: river stream 8.1")


@pytest.mark.parametrize(
    ("row", "is_mean"),
    [
        ("5.5 5 6 5.5", True),  # decimals of raters, and their mean
        ("5.7 5 6 5.5", False),  # not their mean
        ("5.7 5 6 6", True),  # whole numbers, and a mean that may leave out the first
        ("6.5 5 6 6", False),  # above all
        ("5.5 5 6", False),  # too few to be certain
    ],
)
def test_a_mean_is_recognised_by_its_raters(row: str, is_mean: bool, tmp_path: Path) -> None:
    (tmp_path / "set.txt").write_text(f"tiger cat {row}\nriver stream {row}\n")
    if is_mean:
        assert read_ratings(tmp_path / "set.txt")[0].score == float(row.split()[0])
    else:
        with pytest.raises(BadFile, match="may be the rating"):
            read_ratings(tmp_path / "set.txt")


@pytest.mark.parametrize("kind", UNCERTAIN)
def test_a_choice_that_is_not_certain_is_refused(kind: str, tmp_path: Path) -> None:
    text, line, why = UNCERTAIN[kind]
    (tmp_path / "set.csv").write_text(text)
    with pytest.raises(BadFile) as error:
        read_ratings(tmp_path / "set.csv")
    assert f"set.csv, line {line}: " in error.value.message
    assert why in f"{error.value.message}; {error.value.hint}"
    assert "--columns" in error.value.hint or kind == "one of them"


def test_names_that_are_numbers_are_no_pair(at_home: None) -> None:
    status, out, err = evaluate("0,1,2\ntiger,cat,7\nking,man,2\nbook,paper,6\n")
    assert status == 0
    assert '"asked": 3' in out
    assert err == "embcli: note: set: line 1 has the names of the columns: 0, 1, 2\n"
    assert "line 1: this is a pair, or the numbers of the columns" in evaluate("0,1,2\n3,4,5\n1,4,2\n").err
    assert '"asked": 2' in evaluate("3 4 5\n1 4 2\n").out  # words may be numbers


def test_names_that_are_not_known_are_reported(at_home: None) -> None:
    assert (
        "set: line 1 has the names of the columns: foo, bar, baz" in evaluate(lines("{a},{b},{s}", "foo,bar,baz")).err
    )


@pytest.mark.parametrize("header", ["", '"word1","word2","score"'])
def test_quotes_protect_decimal_commas(header: str, tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text(lines('"{a}","{b}","{s}"', header, comma=True))
    assert read_ratings(tmp_path / "set.csv") == [(a, b, float(s)) for a, b, s in PAIRS]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ("1,1,3", "names a column twice"),
        ("3,2,03", "names a column twice"),
        ("1,2,9", "set.txt, line 1: there is no column 9 in 3 columns"),
    ],
)
def test_columns_that_cannot_be_taken_are_named(columns: str, why: str, at_home: None) -> None:
    status, _, err = evaluate(lines("{a} {b} {s}"), "--columns", columns)
    assert status == 2
    assert why in err


def test_columns_count_the_names_that_r_gives_to_rows(at_home: None) -> None:
    text = lines('"r{i}" "{a}" "{b}" {s}', '"word1" "word2" "score"')
    assert "may be the words" in evaluate(text).err
    assert '"pearson": 0.940379' in evaluate(text, "--columns", "2,3,4").out


def test_the_first_of_several_faults_is_reported(tmp_path: Path) -> None:
    (tmp_path / "set.txt").write_text("tiger cat\nking queen\n")
    with pytest.raises(BadFile, match="line 1: this is not two words and a number"):
        read_ratings(tmp_path / "set.txt")


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


# The text, the words of the first question, the number of questions, and what is reported.
QUESTIONS = {
    "letters": (
        "a,b,c,d\nking,man,queen,woman\n",
        "king man queen woman",
        1,
        "line 1: skipped the names of the columns: a b c d",
    ),
    "analogies of letters": ("a b c d\ne f g h\n", "a b c d", 2, ""),
    "BATS with names": (
        "country\tcapital\nfrance\tparis\nitaly\trome\n",
        "france paris",
        2,
        "columns: country capital",
    ),
    "names that are words below": ("country capital\nfrance paris\nnation country\n", "country capital", 3, ""),
    "a pair that could be names": ("male female\nking queen\n", "male female", 2, ""),
    "numbered names": (
        "country1 capital1 country2 capital2\nfrance paris italy rome\n",
        "france paris italy rome",
        1,
        "capital2",
    ),
    "pandas": ("0,1,2,3\nking,man,queen,woman\n", "king man queen woman", 1, "columns: 0 1 2 3"),
    "pandas with an index": (
        ",a,b,c,d\n0,king,man,queen,woman\n1,boy,girl,son,daughter\n",
        "king man queen woman",
        2,
        "1 (0)",
    ),
    "R": ('"V1" "V2"\n"1" "new york" "albany"\n"2" "ohio" "columbus"\n', "new york|albany", 2, "columns: V1 V2"),
    "an index": ("0 king man queen woman\n1 boy girl son daughter\n", "king man queen woman", 2, "left out: 1 (0)"),
    "words that are numbers": ("1 one\n2 two\n3 three\n", "1 one", 3, ""),
    "phrases between tabs": ("new york\talbany\nlos angeles\tcalifornia\n", "new york|albany", 2, ""),
    "four phrases": ("new york\talbany\tohio\tcolumbus\n", "new york|albany|ohio|columbus", 1, ""),
    "a tab between two pairs": ("athens greece\toslo norway\n", "athens greece oslo norway", 1, "not as two phrases"),
    "quotes": ('"Athens","Greece","New York","USA"\n', "Athens|Greece|New York|USA", 1, ""),
    "phrases between commas": ("new york,albany\nfrance,paris\n", "new york|albany", 2, ""),
    "commas at the end": ("king,man,queen,woman,\nboy,girl,son,daughter,\n", "king man queen woman", 2, ""),
    "MSR": (
        "good better rough JJ_JJR rougher\nbetter good rougher JJR_JJ rough\n",
        "good better rough rougher",
        2,
        "4 (JJ_JJR)",
    ),
    "MSR, tags first": ("JJ_JJR good better rough rougher\n", "good better rough rougher", 1, "left out: 1 (JJ_JJR)"),
    "MSR, two tags": ("good better rough rougher JJ JJR\n", "good better rough rougher", 1, "5 (JJ), 6 (JJR)"),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_names_numbers_and_tags_are_left_out_of_questions_where_they_are_certain(kind: str, tmp_path: Path) -> None:
    text, first, count, report = QUESTIONS[kind]
    (tmp_path / "set.txt").write_text(text)
    notes: list[str] = []
    (section,) = read_analogies(tmp_path / "set.txt", notes)
    words = first.split("|" if "|" in first else " ")
    assert section.items[0] == (tuple(words[:-1]), (words[-1],))
    assert len(section.items) == count
    assert report in "; ".join(notes)
    assert bool(notes) is bool(report)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("good better rough\nbetter good rougher\n", "line 1: 3 columns instead of four words.*paste -d"),
        ("new york,albany\nlos angeles,california\n", "line 1: 3 columns instead of four words.*quote words"),
        ("1 king man queen\n2 boy girl son\n3 cat cats dog\n", "line 1: column 1 numbers the lines"),
        ("man king woman queen man\n", "line 1: 5 columns instead of four words"),
        (";\n", "line 1: 0 columns"),
    ],
)
def test_lines_that_are_not_certainly_questions_are_refused(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "set.txt").write_text(text)
    with pytest.raises(BadFile) as error:
        read_analogies(tmp_path / "set.txt")
    assert re.search(why, f"{error.value.message}; {error.value.hint}")


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
