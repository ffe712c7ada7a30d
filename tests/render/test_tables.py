"""The exact text of tables, on spaces whose numbers can be computed by hand."""

import shlex
from pathlib import Path

import pytest
from process import add_store, ask, settle
from toy import WORDS, vector

# Two axes: rank at court, and lady (+) or lord (-). king - man + lady is exactly queen.
COURT = {"king": [3, -1], "queen": [3, 1], "man": [1, -1], "lady": [1, 1], "throne": [4, 0], "serf": [-2, 0]}

TABLES = {
    "analogy King - man + lady --raw -k 2 --expect serf": """\
king - man + lady
vector sum · cosine · plain vectors · court, 6 words × 2
read "King" as king

rank   word     cosine
─────────────────────────────────────────────────
   1   queen    1.0000   ████████████████████████
   2   throne   0.9487   ██████████████████████▊
 (3)   lady     0.8944   input (excluded)
 (4)   king     0.8000   input (excluded)
 (5)   man      0.4472   input (excluded)

expected serf: rank 3; with the inputs included, rank 6; cosine -0.9487
""",
    "nn queen --metric euclidean -k 3": """\
queen
distance · plain vectors · court, 6 words × 2

rank   word     distance
───────────────────────────────────────────
 (1)   queen      0.0000   input (excluded)
   1   throne     1.4142
   2   king       2.0000
   3   lady       2.0000
""",
    "project 'queen - man' king queen man serf": """\
queen - man
direction of norm 2.8284 · court, 6 words × 2

word        dot    scalar    cosine   −              0              +
─────────────────────────────────────────────────────────────────────
king    +4.0000   +1.4142   +0.4472                  │━━━━━━━●
queen   +8.0000   +2.8284   +0.8944                  │━━━━━━━━━━━━━━●
man     +0.0000   +0.0000   +0.0000                  ●
serf    -4.0000   -1.4142   -0.7071          ●━━━━━━━│
""",
    "project 'queen - man' --pairs serf:queen,man:lady,throne:king": """\
queen - man
direction of norm 2.8284 · court, 6 words × 2

low          dot   high        dot
─────────────────────────────────────────────────
serf     -4.0000   queen   +8.0000   in order
man      +0.0000   lady    +4.0000   in order
throne   +8.0000   king    +4.0000   out of order

2 of 3 pairs in order (66.7%), AUC 0.7222
""",
    "softmax queen king man serf -T 1 -T 4": """\
queen
softmax of dot products · 3 candidates · court, 6 words × 2

word               logit   T = 1                       T = 4
─────────────────────────────────────────────────────────────────────────────
king              8.0000   0.9975 ██████████████████   0.7979 ██████████████▍
man               2.0000   0.0025                      0.1780 ███▎
serf             -6.0000   0.0000                      0.0241 ▍

entropy (bits)             0.0250                      0.8327
""",
    "similarity king:queen man:lady king:serf": """\
court, 6 words × 2

a      b        cosine     angle       dot   euclidean
──────────────────────────────────────────────────────
king   queen   +0.8000    36.87°   +8.0000      2.0000
man    lady    +0.0000    90.00°   +0.0000      2.0000
king   serf    -0.9487   161.57°   -6.0000      5.0990

sign of cosine and dot: + acute angle, 0 right angle, - obtuse angle
""",
    "odd king queen lady serf": """\
cosine with the mean of the unit vectors · court, 6 words × 2

word     cosine
──────────────────────────────────────────
queen    0.9956   ███████████████████████▉
lady     0.9322   ██████████████████████▍
king     0.7406   █████████████████▊
serf    -0.9151   does not belong
""",
}


@pytest.fixture(scope="module")
def court_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("court")
    add_store(folder, "court", COURT)
    add_store(folder, "toy", {word: vector(word) for word in WORDS})
    add_store(folder, "long", {"strawberry": [1, 0], "watermelon": [0, 1], "friendship": [-1, 1]})
    return folder


@pytest.fixture(autouse=True)
def at_court(court_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, court_home, EMBCLI_MODEL="court")


@pytest.mark.parametrize("command", TABLES)
def test_a_table_looks_as_it_should(command: str) -> None:
    table = ask(*shlex.split(command)).out
    assert table == TABLES[command]


@pytest.mark.parametrize(
    "command",
    [
        "analogy king - man + woman -k 14",
        "analogy prince - king + queen --metric euclidean -k 14",
        "analogy king - man + woman --metric dot -k 14",
    ],
)
def test_words_with_equal_scores_stand_in_the_order_of_their_ranks(command: str) -> None:
    """The toy space has many ties; answers and inputs together have the ranks 1, 2, 3, …"""
    rows = ask(*command.split(), "-m", "toy").out.partition("\n─")[2].splitlines()[1:]
    place, inputs = 0, 0
    for row in rows:
        rank = row.split()[0]
        place += 1
        if rank.startswith("("):
            inputs += 1
            assert rank == f"({place})"
        else:
            assert rank == str(place - inputs)
    assert (place, inputs) == (15, 3)


@pytest.mark.parametrize(
    "command",
    [
        "nn strawberry",
        "project 'strawberry - watermelon' friendship watermelon --pairs friendship:strawberry",
        "softmax strawberry friendship watermelon -T 0 -T 1 -T 2 -T 5",
        "similarity strawberry:watermelon watermelon:friendship friendship:strawberry",
        "odd strawberry watermelon friendship",
        "lookup strawberry watermelon friendship",
    ],
)
def test_a_word_of_ten_letters_is_not_broken(command: str) -> None:
    arguments = [*shlex.split(command), "-m", "long"]
    answer, table = ask(*arguments, "--json").answer, ask(*arguments).out.partition("\n─")[2]
    for record in [*answer["results"], *answer.get("pairs", [])]:
        for name in {"word", "a", "b", "low", "high"} & set(record):
            assert record[name] in table
