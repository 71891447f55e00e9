"""What needs no server: limits, codes, passwords, sentences, cells, times."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.cloudtrail.history.facts import facts_of
from cairn.cloudtrail.history.query import parse_query
from cairn.cloudtrail.history.segment_reader import StoredEvent
from cairn.console.api import Api
from cairn.console.assets import Assets
from cairn.console.downloads import FORMULAS, safe
from cairn.console.event_page import event_page
from cairn.console.exchange import Refusal, Visit
from cairn.console.guesses import ADDRESS_MAX, ANYWHERE_MAX, CODES_MAX, NAME_MAX, STRANGER_MAX, Guesses
from cairn.console.openapi import document
from cairn.console.questions import following, question_of, resumed
from cairn.console.related import term
from cairn.console.rows import live_row_of
from cairn.console.seal import Seal
from cairn.console.second_factor import SecondFactor
from cairn.console.sentences import sentence_of
from cairn.core.clock import TestClock
from cairn.core.password_policy import PasswordPolicy
from cairn.core.passwords import hash_password, is_password
from cairn.core.records.parse import event_from_record
from cairn.core.state import State, metadata
from cairn.wire.http import Headers, Request


@pytest.fixture
def state(tmp_path: Path) -> Any:
    state = State.in_folder(tmp_path)
    metadata.create_all(state.engine)
    yield state
    state.close()


def test_a_code_is_good_once_and_for_a_minute_and_a_half(state: State, tmp_path: Path, clock: TestClock) -> None:
    seed = pyotp.random_base32()
    checks = SecondFactor(state, Seal(tmp_path), clock)
    code = pyotp.TOTP(seed).at(int(clock.now()))
    clock.advance(61)
    assert not checks.accept("arn", seed, code)
    clock.advance(-31)
    assert checks.accept("arn", seed, code)
    assert not checks.accept("arn", seed, code)
    clock.advance(30)
    assert checks.accept("arn", seed, pyotp.TOTP(seed).at(int(clock.now() + 30)))  # of a device that is ahead
    assert not checks.accept("arn", seed, pyotp.TOTP(seed).at(int(clock.now())))  # older than what was used
    for nonsense in ("", "12345", "1234567", "ééé", "      "):
        assert not checks.accept("arn", seed, nonsense)


def test_a_code_is_looked_at_without_being_used(state: State, tmp_path: Path, clock: TestClock) -> None:
    checks = SecondFactor(state, Seal(tmp_path), clock)
    seed = pyotp.random_base32()
    code = pyotp.TOTP(seed).at(int(clock.now()))
    assert checks.accept("arn", seed, code, use=False)
    assert checks.accept("arn", seed, code)
    assert not checks.accept("arn", seed, code, use=False)


def guessed(guesses: Guesses, name: str, address: str, account: str = "111122223333") -> bool:
    try:
        asyncio.run(guesses.admit(account, name, address))
    except Refusal as refusal:
        assert refusal.status == 429
        return False
    return True


def test_guesses_are_counted_by_name_and_by_address_and_forgotten(
    state: State, tmp_path: Path, clock: TestClock
) -> None:
    guesses = Guesses(state, Seal(tmp_path), clock)
    alices = [guessed(guesses, "alice", "10.0.0.1") for _ in range(NAME_MAX + 1)]
    assert alices == [True] * NAME_MAX + [False]
    assert guessed(guesses, "alice", "10.0.0.2")  # one stranger locks nobody out
    spread = [guessed(guesses, "dora", f"10.9.{n}.1") for n in range(ANYWHERE_MAX + 1)]
    assert spread == [True] * ANYWHERE_MAX + [False]
    nearby = [guessed(guesses, "erik", f"2001:db8::{n}") for n in range(1, NAME_MAX + 2)]
    assert nearby == [True] * NAME_MAX + [False]
    tries = [guessed(guesses, f"user-{n}", "10.1.1.1") for n in range(ADDRESS_MAX + 1)]
    assert tries == [True] * ADDRESS_MAX + [False]
    assert guessed(guesses, "bob", "10.2.2.2")
    clock.advance(60)
    assert guessed(guesses, "alice", "10.1.1.1")
    for _ in range(NAME_MAX * 2):  # who signs in rightly may do so as often as they like
        assert guessed(guesses, "carla", "10.3.3.3")
        asyncio.run(guesses.forgive("111122223333", "carla", "10.3.3.3"))


def test_a_stranger_who_invents_accounts_is_stopped_too(state: State, tmp_path: Path, clock: TestClock) -> None:
    guesses = Guesses(state, Seal(tmp_path), clock)
    for address in ("10.0.0.1", "2001:db8:0:{n:x}::1"):
        tries = [guessed(guesses, "x", address.format(n=n), account=f"account-{n}") for n in range(STRANGER_MAX + 1)]
        assert tries == [True] * STRANGER_MAX + [False], address
    assert guessed(guesses, "x", "10.0.0.2", account="another")


def test_codes_are_guessed_a_few_times_an_hour(state: State, tmp_path: Path, clock: TestClock) -> None:
    guesses = Guesses(state, Seal(tmp_path), clock)
    clock.advance(3600 - clock.now() % 3600)

    def admitted() -> bool:
        try:
            asyncio.run(guesses.admit_code("111122223333", "AIDA"))
        except Refusal as refusal:
            assert refusal.status == 429
            return False
        return True

    for _ in range(CODES_MAX * 2):
        assert admitted()
        asyncio.run(guesses.forgive_code("111122223333", "AIDA"))
    assert [admitted() for _ in range(CODES_MAX + 1)] == [True] * CODES_MAX + [False]
    clock.advance(3500)
    assert guessed(guesses, "alice", "10.0.0.1")  # which forgets what is old
    assert not admitted()
    clock.advance(100)
    assert admitted()


def test_the_key_of_the_console_is_one_for_all_and_private(tmp_path: Path) -> None:
    assert Seal(tmp_path).digest("session", "token") == Seal(tmp_path).digest("session", "token")
    assert Seal(tmp_path).digest("session", "token") != Seal(tmp_path).digest("csrf", "token")
    assert (tmp_path / "console.key").stat().st_mode & 0o777 == 0o600


def test_passwords_are_kept_so_that_nobody_reads_them() -> None:
    kept = hash_password("Correct-horse-1")
    assert "Correct" not in kept
    assert kept != hash_password("Correct-horse-1")
    assert is_password("Correct-horse-1", kept)
    assert not is_password("correct-horse-1", kept)
    for nonsense in ("", "Correct-horse-1", "scrypt:1:2"):
        assert not is_password("Correct-horse-1", nonsense)


def test_a_password_policy_says_what_is_missing() -> None:
    policy = PasswordPolicy(10, upper=True, lower=True, digit=True, symbol=True)
    assert policy.problem("Abcdefgh1!") == ""
    for password, word in (("Ab1!", "10"), ("abcdefgh1!", "upper"), ("ABCDEFGH1!", "lower"), ("Abcdefghi!", "number")):
        assert word in policy.problem(password)
    assert "symbol" in policy.problem("Abcdefgh12")
    assert "at the most" in policy.problem("Aa1!" * 40)


@given(st.text(max_size=20) | st.text(alphabet=list("=+-@;\t\n\r\"' a＝"), max_size=8))
def test_no_cell_is_a_formula_and_none_is_lost(text: str) -> None:
    cell = safe(text)
    assert not cell.startswith(FORMULAS)
    for part in re.split("[;\t\r\n]", cell)[1:]:  # as spreadsheets split it where semicolons part cells
        assert not part.lstrip('" ').startswith(FORMULAS)
    assert cell.replace("'", "") == text.replace("'", "")
    assert safe(cell) == cell


@given(st.text(min_size=1, max_size=30))
def test_a_term_asks_for_exactly_its_value(value: str) -> None:
    (condition,) = parse_query(term("user", value)).conditions
    assert [(pattern.text, pattern.wild) for pattern in condition.patterns] == [(value, False)]


def test_a_page_of_relative_times_leads_on_to_the_same_times() -> None:
    asked = {"query": "name=CreateUser", "since": "2h"}
    first = question_of(asked, account="111122223333", now=1_700_000_000)
    token = following(first, "abc_-")
    later, inner = resumed(question_of(asked, account="111122223333", now=1_700_000_500), token)
    assert (later, inner) == (first, "abc_-")
    assert first.accounts == ("111122223333",)
    for nonsense in ("abc", "1.2.", "x.y.z", "1.2.a b"):
        with pytest.raises(Refusal):
            resumed(first, nonsense)


def event(**members: Any) -> StoredEvent:
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "userName": "alice"},
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "DeleteBucket",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "10.0.0.5",
        "requestParameters": {"bucketName": "logs"},
        "responseElements": None,
        "eventID": "0f0f0f0f-0000-4000-8000-000000000000",
        "recipientAccountId": "111122223333",
    }
    made = event_from_record(json.dumps(record | members).encode())
    row = live_row_of(made, facts_of(made.header, made.parse()))
    resources = tuple((each["type"], each["name"]) for each in row["resources"])
    return StoredEvent(
        place=(0, 0), id=row["id"], account=row["account"], region=row["region"], category="Management", time=0,
        read_only=row["readOnly"], name=row["name"], source=row["source"], user=row["user"], access_key="",
        error=row["errorCode"], source_ip=row["sourceIp"], resources=resources, record=made.record,
    )  # fmt: skip


MFA = {"type": "IAMUser", "userName": "alice", "sessionContext": {"attributes": {"mfaAuthenticated": "true"}}}
ROLE = {"type": "AssumedRole", "principalId": "AROA:bob", "arn": "arn:aws:sts::111122223333:assumed-role/Admin/bob"}
SIGN_IN: dict[str, Any] = {
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "requestParameters": None,
}


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, "alice deleted bucket logs from 10.0.0.5"),
        ({"userIdentity": MFA}, "alice deleted bucket logs from 10.0.0.5, with MFA"),
        ({"userIdentity": ROLE}, "bob as role Admin deleted bucket logs from 10.0.0.5"),
        (
            {"errorCode": "AccessDenied"},
            "alice tried to delete bucket logs from 10.0.0.5; it failed with AccessDenied",
        ),
        (
            {"eventName": "GetBucketAcl", "readOnly": True, "requestParameters": None},
            "alice read bucket acl from 10.0.0.5",
        ),
        ({"eventName": "FrobBucket", "requestParameters": None}, "alice called FrobBucket of s3 from 10.0.0.5"),
        (SIGN_IN, "alice signed in to the console from 10.0.0.5"),
        (
            SIGN_IN | {"errorMessage": "Failed authentication"},
            "alice could not sign in to the console from 10.0.0.5; it failed with Failed authentication",
        ),
        ({"userIdentity": "nonsense", "requestParameters": None}, "somebody deleted bucket from 10.0.0.5"),
    ],
)
def test_an_event_is_a_sentence(members: dict[str, Any], sentence: str) -> None:
    assert sentence_of(event(**members)) == sentence


def test_a_page_shows_what_is_written_to_mislead() -> None:
    page = event_page(event(userAgent="a\u202egpj.exe", eventName="Delete\u200bBucket")).body
    assert isinstance(page, bytes)
    text = page.decode()
    assert not re.search("[\u200b\u202e]", text)
    assert "a\\u202egpj.exe" in text
    assert "Delete\\u200bBucket" in text


def test_every_route_is_in_the_document_and_every_path_is_a_route() -> None:
    api = Api(**dict.fromkeys(_PARTS, None), region="us-east-1")  # type: ignore[arg-type] # nothing is asked
    documented = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
    assert set(api.routes) == documented
    for (method, path), route in api.routes.items():
        security = document()["paths"][path][method.lower()]["security"]
        assert bool(security) == route.signed_in
        assert ("csrf" in security[0] if security else False) == route.changes
        assert route.changes == ((method != "GET" and path != "/session") or method == "DELETE")


_PARTS = (
    *("sessions", "sign_in", "roles", "calls", "files", "events", "tails", "verifications", "downloads"),
    *("rights", "status", "about"),
)


def get(path: str, **headers: str) -> Request:
    named = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return Request("GET", path, "", named, None)  # type: ignore[arg-type] # it has no body


def test_built_files_are_answered_by_name_alone(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<p>index")
    (folder / "assets" / "app-1a2b.js").write_text("let x = 1;" * 500)
    (folder / "icon.svg").write_text("<svg/>")
    assets = Assets(folder)
    script = assets.answer("assets/app-1a2b.js", get("/", accept_encoding="gzip, br"))
    assert script.headers.get("cache-control") == "public, max-age=31536000, immutable"
    assert script.headers.get("content-type").startswith("text/javascript")
    assert script.headers.get("content-encoding") == "gzip"
    assert len(script.body) < 500  # type: ignore[arg-type] # bytes
    assert assets.answer("icon.svg", get("/")).headers.get("cache-control") == "no-cache"
    for route in ("", "history", "trails/x", "index.html", "../secret", "%2e%2e/secret"):
        shown = assets.answer(route, get("/"))
        assert (shown.status, shown.body) == (200, b"<p>index"), route
        assert shown.headers.get("cache-control") == "no-store"
    assert assets.answer("assets/old.js", get("/")).status == 404
    missing = Assets(tmp_path / "nothing").answer("", get("/"))
    assert missing.status == 503
    assert b"was not built" in missing.body  # type: ignore[operator] # bytes


def test_cookies_of_other_servers_on_the_host_do_not_hide_ours() -> None:
    request = get("/console/", cookie='theirs={"a": [1, 2]}; cairn_session=token-1; other="unclosed')
    assert Visit(request, "/").cookie("cairn_session") == "token-1"
    assert Visit(request, "/").cookie("session") == ""
