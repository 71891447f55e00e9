"""Rules of composite alarms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.cloudwatch.alarms.rule import parse_rule
from cairn.core.errors import AwsError

STATES = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "d": "ALARM"}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(a)", True),
        ('ALARM("a")', True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:a)", True),
        ("OK(a)", False),
        ("OK(b)", True),
        ("INSUFFICIENT_DATA(c)", True),
        ("TRUE", True),
        ("FALSE", False),
        ("NOT ALARM(b)", True),
        ("NOT(ALARM(a))", False),
        ("NOT NOT ALARM(a)", True),
        ("ALARM(a) AND OK(b)", True),
        ("ALARM(a)AND OK(b)", True),
        ("ALARM(a) AND ALARM(b)", False),
        ("ALARM(b) OR ALARM(a)", True),
        ("TRUE OR TRUE AND FALSE", True),
        ("(TRUE OR TRUE) AND FALSE", False),
        ("(\n  ALARM(a)\n  OR ALARM(b)\n) AND NOT OK ( c )", True),
        ("AT_LEAST(2, ALARM, (a, b, d))", True),
        ("AT_LEAST(3, ALARM, (a, b, d))", False),
        ("AT_LEAST(60%, ALARM, (a, b, d))", True),
        ("AT_LEAST(67%, ALARM, (a, b, d))", False),
        ("AT_LEAST(1, NOT ALARM, (a, b))", True),
        ("AT_LEAST(2, NOT ALARM, (a, b))", False),
        ('AT_LEAST(2, OK, ("b")) OR TRUE', True),
    ],
)
def test_rules(rule: str, holds: bool) -> None:
    assert parse_rule(rule).holds(STATES) is holds


def test_names() -> None:
    rule = parse_rule(r'ALARM("with space (1), \"quoted\" and \\") OR OK(b) OR ALARM(b) OR OK(CPU>90%-of/x:y)')
    assert rule.children == ('with space (1), "quoted" and \\', "b", "CPU>90%-of/x:y")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("()", "Unsupported token ')' at char 1"),
        ("ALARM", "The rule ends unexpectedly at char 5"),
        ("alarm(a)", "Unsupported token 'alarm' at char 0"),
        ("ALARM(a) and ALARM(b)", "Unsupported token 'and' at char 9"),
        ("ALARM(a) ALARM(b)", "Unsupported token 'ALARM' at char 9"),
        ("ALARM(a", "The rule ends unexpectedly at char 7"),
        ("ALARM()", "Unsupported token ')' at char 6"),
        ('ALARM("")', "Unsupported token"),
        ("ALARM(a) AND", "The rule ends unexpectedly at char 12"),
        ("ALARM(a b)", "Unsupported token 'b' at char 8"),
        ("TRUE)", "Unsupported token ')' at char 4"),
        ("AT_LEAST(0, ALARM, (a))", "Unsupported token '0' at char 9"),
        ("AT_LEAST(101%, ALARM, (a))", "Unsupported token"),
        ("AT_LEAST(1, ALARM, a)", "Unsupported token 'a' at char 19"),
        ("AT_LEAST(1, ALARM, ())", "Unsupported token ')' at char 20"),
        ("", "ends unexpectedly"),
    ],
)
def test_what_is_no_rule(rule: str, text: str) -> None:
    with pytest.raises(AwsError) as raised:
        parse_rule(rule)
    assert raised.value.code == "ValidationError"
    assert raised.value.message.startswith("Error in AlarmRule [")
    assert text in raised.value.message


def test_limits() -> None:
    parse_rule(" OR ".join(f"ALARM(a{n})" for n in range(100)))
    with pytest.raises(AwsError, match="more than 100 alarms"):
        parse_rule(" OR ".join(f"ALARM(a{n})" for n in range(101)))
    with pytest.raises(AwsError, match="more than 500 elements"):
        parse_rule(" OR ".join(["TRUE"] * 251))
    with pytest.raises(AwsError, match="nested"):
        parse_rule("(" * 101 + "TRUE" + ")" * 101)
    parse_rule("(" * 99 + "TRUE" + ")" * 99)


Tree = tuple[object, ...] | bool
leaves = st.one_of(
    st.booleans(), st.tuples(st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA"]), st.sampled_from("abcd"))
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(st.tuples(st.just("NOT"), inner), st.tuples(st.sampled_from(["AND", "OR"]), inner, inner)),
    max_leaves=20,
)


def written(tree: Tree) -> str:
    match tree:
        case bool():
            return str(tree).upper()
        case ("NOT", inner):
            return f"NOT ({written(inner)})"  # type: ignore[arg-type]
        case ("AND" | "OR" as operator, left, right):
            return f"({written(left)} {operator} {written(right)})"  # type: ignore[arg-type]
        case (state, name):
            return f'{state}("{name}")'
    raise AssertionError(tree)


def true(tree: Tree) -> bool:
    match tree:
        case bool():
            return tree
        case ("NOT", inner):
            return not true(inner)  # type: ignore[arg-type]
        case ("AND", left, right):
            return true(left) and true(right)  # type: ignore[arg-type]
        case ("OR", left, right):
            return true(left) or true(right)  # type: ignore[arg-type]
        case (state, name):
            return STATES[str(name)] == state
    raise AssertionError(tree)


@given(trees)
def test_what_a_tree_says_its_text_says(tree: Tree) -> None:
    assert parse_rule(written(tree)).holds(STATES) is true(tree)


@given(st.text('ALRMOKNTDFSEUI_()" ,%19\\ab', max_size=60))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        parse_rule(text)
    except AwsError as error:
        assert error.code == "ValidationError"
