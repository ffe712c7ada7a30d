"""The grammar of expressions: results of parsing, and positions of syntax errors."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embcli.errors import EmbcliError, ExpressionSyntaxError, UsageProblem
from embcli.queries.arguments import join_arguments, parse_pairs
from embcli.queries.expression import Expression, Term, parse, quote, unquote

Terms = list[tuple[str, float]]

# Text of tokens of the grammar, which random Unicode would rarely contain.
SPICY = st.text(st.sampled_from('ab01.eE+-−*/()":? \t\n\\_,é'), max_size=24)
WORDS = (st.text(min_size=1) | SPICY.filter(bool)).filter(lambda word: "\0" not in word)
WEIGHTS = st.floats(allow_nan=False, allow_infinity=False)


def terms_of(source: str, *, triple: bool = False) -> Terms:
    return [(term.word, term.weight) for term in parse(source, triple=triple).terms]


def assert_same_terms(found: Sequence[Term], wanted: Sequence[Term]) -> None:
    assert [term.word for term in found] == [term.word for term in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert math.isclose(one.weight, other.weight, rel_tol=1e-11)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # Signs
        ("king", [("king", 1)]),
        ("king - man + woman", [("king", 1), ("man", -1), ("woman", 1)]),
        (" king\t-\n man  ", [("king", 1), ("man", -1)]),
        ("- king + queen", [("king", -1), ("queen", 1)]),
        ("+ king", [("king", 1)]),
        ("king − man", [("king", 1), ("man", -1)]),
        ("− king", [("king", -1)]),
        # Weights
        ("0.5*king", [("king", 0.5)]),
        (".5*king", [("king", 0.5)]),
        ("2 * king", [("king", 2)]),
        ("2* king", [("king", 2)]),
        ("king * 2", [("king", 2)]),
        ("king / 2", [("king", 0.5)]),
        ("3 * king / 2", [("king", 1.5)]),
        ("2*3*king", [("king", 6)]),
        ("king / 2 / 2 * 3", [("king", 0.75)]),
        ("1e-3*king", [("king", 0.001)]),
        ("-2*king", [("king", -2)]),
        ("king - -2*man", [("king", 1), ("man", 2)]),
        ("king - 0.5*man + .25*woman", [("king", 1), ("man", -0.5), ("woman", 0.25)]),
        ("0*king + queen", [("king", 0), ("queen", 1)]),
        # Parentheses
        ("(king)", [("king", 1)]),
        ("2 * (germany - japan)", [("germany", 2), ("japan", -2)]),
        ("2*(germany - japan)", [("germany", 2), ("japan", -2)]),
        ("(germany - japan) * 2", [("germany", 2), ("japan", -2)]),
        ("(germany - japan) / 2 + sushi", [("germany", 0.5), ("japan", -0.5), ("sushi", 1)]),
        ("(germany - japan)/2", [("germany", 0.5), ("japan", -0.5)]),
        ("a - (b - (c - d))", [("a", 1), ("b", -1), ("c", 1), ("d", -1)]),
        ("-(a - b)", [("a", -1), ("b", 1)]),
        ("2*(a + 3*(b - c)/4)", [("a", 2), ("b", 1.5), ("c", -1.5)]),
        # Quotes
        ('"new york" - york', [("new york", 1), ("york", -1)]),
        ('0.5*"new york"', [("new york", 0.5)]),
        ('"-" + "+" - "*"', [("-", 1), ("+", 1), ("*", -1)]),
        (r'"say \"hi\"" - "back\\slash"', [('say "hi"', 1), (r"back\slash", -1)]),
        ('"2*king" + "(" + ")"', [("2*king", 1), ("(", 1), (")", 1)]),
        ('"a:b::c:?"', [("a:b::c:?", 1)]),
        # Words that look like syntax
        ("e-mail - ice-cream", [("e-mail", 1), ("ice-cream", -1)]),
        ("'s + n't - rock'n'roll", [("'s", 1), ("n't", 1), ("rock'n'roll", -1)]),
        ("3.5 - 1984 + 2", [("3.5", 1), ("1984", -1), ("2", 1)]),
        ("2*2", [("2", 2)]),
        ("-foo + --bar", [("-foo", 1), ("--bar", 1)]),
        ("-foo - -bar", [("-foo", 1), ("-bar", -1)]),
        ("c++ - c", [("c++", 1), ("c", -1)]),
        ("and/or + /2", [("and/or", 1), ("/2", 1)]),
        ("10:30 + a:b", [("10:30", 1), ("a:b", 1)]),
        ("naïve + 東京 - …", [("naïve", 1), ("東京", 1), ("…", -1)]),
        # a is to b as c is to ?, which means b - a + c
        ("man:king::woman:?", [("king", 1), ("man", -1), ("woman", 1)]),
        ("man : king :: woman : ?", [("king", 1), ("man", -1), ("woman", 1)]),
        ('"new york":york::"a:b":?', [("york", 1), ("new york", -1), ("a:b", 1)]),
        ("e-mail:-foo::3.5:?", [("-foo", 1), ("e-mail", -1), ("3.5", 1)]),
    ],
)
def test_an_expression_is_a_weighted_sum_of_words(source: str, expected: Terms) -> None:
    assert terms_of(source) == expected


def test_three_bare_words_are_an_analogy_only_where_a_command_allows_it() -> None:
    analogy = [("king", 1.0), ("man", -1.0), ("woman", 1.0)]
    assert terms_of("man king woman", triple=True) == analogy
    assert terms_of('"new york" 1 "-"', triple=True) == [("1", 1), ("new york", -1), ("-", 1)]
    with pytest.raises(ExpressionSyntaxError):
        parse("man king woman")


@pytest.mark.parametrize("source", ["king - man", "-2*king", "king", "(king - man)", "man:king::woman:?"])
def test_allowing_a_triple_changes_nothing_else(source: str) -> None:
    assert terms_of(source, triple=True) == terms_of(source)


@pytest.mark.parametrize(
    "source", ["man king", "man king woman queen", "2*man king woman", "man (king) woman", 'man "" woman']
)
def test_only_three_words_are_a_triple(source: str) -> None:
    with pytest.raises(ExpressionSyntaxError):
        parse(source, triple=True)


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("", 0),
        ("king -", 6),
        ("king - - man", 7),
        ("king man", 5),
        ("king -man", 5),
        ("king (man)", 5),
        ('king "man"', 5),
        ("(king) man", 7),
        ("()", 1),
        (")", 0),
        ("king)", 4),
        ("king - man) + woman", 10),
        ("king - (man", 11),
        ("2 * (king - (man)", 17),
        ("*", 0),
        ("* king", 0),
        ("/ king", 0),
        ("2*", 2),
        ("2*-", 2),
        ("king * man", 7),
        ("king /", 6),
        ("king / man", 7),
        ("king / 0", 7),
        ("king - (man - woman)/0", 21),
        ('"new york', 0),
        ('king - "new york', 7),
        ('king - "new\\" york', 7),
        ('king - ""', 7),
        ("a:b::c", 3),
        ("a:b::c:d", 3),
        ("king + a:b::c:?", 10),
        ('"":b::c:?', 0),
        ('a:b::"":?', 5),
    ],
)
def test_a_syntax_error_points_at_its_place(source: str, position: int) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse(source)
    assert (caught.value.position, caught.value.source) == (position, source)
    assert f"column {position + 1}" in caught.value.message
    assert caught.value.hint
    assert (caught.value.code, caught.value.exit_status) == ("syntax", 2)


@pytest.mark.parametrize("source", ["1e999*king", "king / 1e-320", "1e200*(1e200*king - man)", "0*1e999*king"])
def test_a_weight_beyond_floating_point_is_refused(source: str) -> None:
    with pytest.raises(UsageProblem):
        parse(source)


def test_parentheses_may_be_nested_but_not_without_end() -> None:
    assert terms_of("(" * 40 + "king" + ")" * 40) == [("king", 1)]
    with pytest.raises(ExpressionSyntaxError):
        parse("(" * 5000 + "king" + ")" * 5000)


@given(st.text() | SPICY, st.booleans())
def test_any_text_is_an_expression_or_a_syntax_error_within_it(source: str, triple: bool) -> None:
    parsed, position = None, 0
    try:
        parsed = parse(source, triple=triple)
    except ExpressionSyntaxError as error:
        position = error.position
    except EmbcliError:
        pass
    assert 0 <= position <= len(source)
    if parsed:
        assert_same_terms(parse(str(parsed)).terms, parsed.terms)


@given(st.lists(st.builds(Term, WORDS, WEIGHTS), min_size=1, max_size=4))
def test_an_expression_parses_to_the_same_terms_once_it_is_spelled_out(terms: list[Term]) -> None:
    assert_same_terms(parse(str(Expression(tuple(terms)))).terms, terms)


def test_a_quotation_mark_inside_a_word_does_not_hide_the_colons_of_the_next() -> None:
    terms = (Term('x"', 1.0), Term(":::", 1.0))
    assert parse(str(Expression(terms))).terms == terms


@given(WORDS)
def test_a_quoted_word_parses_to_that_word(word: str) -> None:
    assert terms_of(quote(word)) == [(word, 1)]
    assert unquote(quote(word)) == word


@pytest.mark.parametrize("word", ["king", "e-mail", "'s", "3.5", "-foo", "10:30", "and/or", "東京", 'a"b'])
def test_a_word_that_reads_as_itself_needs_no_quotes(word: str) -> None:
    assert quote(word) == word


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["king", "-", "man", "+", "woman"], [("king", 1), ("man", -1), ("woman", 1)]),
        (["king - man + woman"], [("king", 1), ("man", -1), ("woman", 1)]),
        (["king", "−", "0.5*man"], [("king", 1), ("man", -0.5)]),
        (["2", "*", "(", "king", "-", "man", ")"], [("king", 2), ("man", -2)]),
        (["2*(king", "-", "man)"], [("king", 2), ("man", -2)]),
        (["king", "-", "man", "+", "new york"], [("king", 1), ("man", -1), ("new york", 1)]),
        (["new york", "-", "york"], [("new york", 1), ("york", -1)]),
        (["king", "-", '"new york"'], [("king", 1), ("new york", -1)]),
        (["king - man", "+", "woman"], [("king", 1), ("man", -1), ("woman", 1)]),
        (["e-mail", "+", "'s", "-", "-foo"], [("e-mail", 1), ("'s", 1), ("-foo", -1)]),
        (["man:king::woman:?"], [("king", 1), ("man", -1), ("woman", 1)]),
        (["man", ":", "king", "::", "woman", ":", "?"], [("king", 1), ("man", -1), ("woman", 1)]),
    ],
)
def test_arguments_need_no_quotes_around_the_whole(arguments: list[str], expected: Terms) -> None:
    assert terms_of(join_arguments(arguments)) == expected


@pytest.mark.parametrize("arguments", [["man", "king", "woman"], ["man king woman"]])
def test_a_triple_may_be_three_arguments_or_one(arguments: list[str]) -> None:
    source = join_arguments(arguments, triple=True)
    assert terms_of(source, triple=True) == [("king", 1), ("man", -1), ("woman", 1)]


def test_a_phrase_can_be_part_of_a_triple() -> None:
    source = join_arguments(["new york", "york", "jersey"], triple=True)
    assert terms_of(source, triple=True) == [("york", 1), ("new york", -1), ("jersey", 1)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("puppy:puppies", [("puppy", "puppies")]),
        ("puppy:puppies,student:students", [("puppy", "puppies"), ("student", "students")]),
        ("puppy:puppies, student:students", [("puppy", "puppies"), ("student", "students")]),
        ('"10:30":"a,b","say \\"hi\\"":-', [("10:30", "a,b"), ('say "hi"', "-")]),
        ("new york:new jersey", [("new york", "new jersey")]),
    ],
)
def test_pairs_are_words_with_a_colon_between(source: str, expected: list[tuple[str, str]]) -> None:
    assert parse_pairs(source) == expected


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("", 0),
        ("puppy", 0),
        ("puppy:", 0),
        (":puppies", 0),
        ("a:b:c", 0),
        ("a:b,c", 4),
        ("a:b,,c:d", 4),
        ('"a:b', 0),
        ('a:""', 2),
    ],
)
def test_a_broken_pair_is_pointed_at(source: str, position: int) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_pairs(source)
    assert caught.value.position == position


@given(st.text() | SPICY)
def test_any_text_is_pairs_or_a_syntax_error(source: str) -> None:
    position = 0
    try:
        pairs = parse_pairs(source)
    except ExpressionSyntaxError as error:
        position = error.position
    else:
        assert pairs
        assert all(low and high for low, high in pairs)
    assert 0 <= position <= len(source)
