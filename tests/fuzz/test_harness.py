"""What finds things must itself be right."""

from __future__ import annotations

import json
from random import Random

import pytest
from fuzz.campaign import PROGRESS
from fuzz.mutation import mutate
from fuzz.target import SEPARATOR, Target, cut, parts

KEPT = b'{"a": [1, {"b": "c"}]}' + SEPARATOR + b"ERROR -WARN"


def test_only_what_is_written_down_is_a_refusal() -> None:
    target = Target("int", "", lambda data: print(int(data)), (ValueError,))
    target(b"1")
    target(b"x")
    with pytest.raises(ZeroDivisionError):
        Target("zero", "", lambda data: print(1 // len(data)), (ValueError,))(b"")


def test_mutations_are_many_and_the_same_for_the_same_seed() -> None:
    made = [mutate(KEPT, Random(seed), 100) for seed in range(300)]
    assert made == [mutate(KEPT, Random(seed), 100) for seed in range(300)]
    assert len(set(made)) > 200
    assert max(map(len, made)) == 100
    assert any(_is_json(parts(each, 2)[0]) for each in made if each != KEPT)


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict | list) and data != parts(KEPT, 2)[0]
    except ValueError:
        return False


def test_a_body_in_pieces_is_the_body() -> None:
    assert b"".join(cut(b"hello", (7, 0, 3))) == b"hello"
    assert cut(b"hello", (1, 3)) == [b"h", b"el", b"lo"]


def test_the_engine_s_lines_are_understood() -> None:
    match = PROGRESS.match("#65536\tpulse  cov: 12 ft: 18 corp: 4/538b lim: 4096 exec/s: 9362 rss: 122Mb")
    assert match is not None
    assert match.group("runs", "cov", "rate") == ("65536", "12", "9362")
