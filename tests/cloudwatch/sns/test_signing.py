"""The key that signs messages, the pages that anybody may see, and when a delivery is tried again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from cairn.cloudwatch.sns import retries
from cairn.cloudwatch.sns.pages import Pages
from cairn.cloudwatch.sns.signing import Signer
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError, CairnError
from cairn.wire.http import Call, Headers, Request, Response
from cairn.wire.respond import error_response, respond


def test_processes_that_begin_together_sign_with_one_key(tmp_path: Path, clock: TestClock) -> None:
    with ThreadPoolExecutor(4) as threads:
        signers = list(threads.map(lambda _: Signer(tmp_path / "sns", clock), range(4)))
    assert len({signer.certificate_path for signer in signers}) == 1
    assert [each.name for each in (tmp_path / "sns").iterdir()] == ["signing.pem"]
    assert stat.S_IMODE((tmp_path / "sns" / "signing.pem").stat().st_mode) == 0o600
    assert b"PRIVATE" not in signers[0].certificate
    (tmp_path / "sns" / "signing.pem").write_text("nonsense")
    with pytest.raises(CairnError, match="cannot be read"):
        Signer(tmp_path / "sns", clock)


def get(path: str, query: str = "", method: str = "GET", **headers: str) -> Request:
    return Request(method, path, query, Headers(headers.items()), None)  # type: ignore[arg-type]


def test_pages_are_for_those_that_ask_for_them(tmp_path: Path, clock: TestClock) -> None:
    signer = Signer(tmp_path, clock)
    pages = Pages(lambda: signer)
    found = asyncio.run(pages.answer(get(signer.certificate_path)))
    assert found is not None and found.body == signer.certificate
    shown = asyncio.run(pages.answer(get("/confirmation.html", "TopicArn=%3Cb%3E&Token=t&Endpoint=%22%3E%3Cscript%3E")))
    assert shown is not None and isinstance(shown.body, bytes)
    assert b"<script>" not in shown.body and b"<b>" not in shown.body
    assert b'name="Token" value="t"' in shown.body
    assert asyncio.run(pages.answer(get("/unsubscribe.html", "SubscriptionArn=a"))) is not None
    for request in (
        get("/confirmation.html"),
        get("/unsubscribe.html", "other=1"),
        get(signer.certificate_path, method="PUT"),
        get(signer.certificate_path, authorization="AWS4"),
        get("/SimpleNotificationService-" + "0" * 32 + ".pem"),
        get("/bucket/key"),
    ):
        assert asyncio.run(pages.answer(request)) is None


def xml(operation: str, output: dict[str, str]) -> Response:
    call = Call(get("/"), "sns", operation, "eu-west-2", request_id="r-1")
    return respond(call, output)


TOPIC = "arn:aws:sns:eu-west-2:111122223333:<alerts>"
CONFIRM = "Action=ConfirmSubscription&TopicArn=" + quote(TOPIC) + "&Token=t&Page=html"
LEAVE = "Action=Unsubscribe&SubscriptionArn=" + quote(TOPIC + ":1-2") + "&Page=html"


def test_who_presses_a_button_is_told_in_words(tmp_path: Path, clock: TestClock) -> None:
    pages = Pages(lambda: Signer(tmp_path, clock))
    confirmed = pages.told(get("/", CONFIRM), xml("ConfirmSubscription", {"SubscriptionArn": TOPIC + ":1-2"}))
    removed = pages.told(get("/", LEAVE), xml("Unsubscribe", {}))
    call = Call(get("/"), "sns", "ConfirmSubscription", "eu-west-2")
    old = pages.told(
        get("/", CONFIRM), error_response(call, AwsError("InvalidParameter", "Invalid parameter: <Token>"))
    )
    kept = pages.told(get("/", LEAVE), error_response(call, AwsError("AuthorizationError", "no", 403)))
    for page, status, says in (
        (confirmed, 200, "the topic <b>&lt;alerts&gt;</b> of the account 111122223333 in eu-west-2"),
        (
            confirmed,
            200,
            'href="/unsubscribe.html?SubscriptionArn=arn:aws:sns:eu-west-2:111122223333:%3Calerts%3E:1-2"',
        ),
        (removed, 200, "no more messages of the topic <b>&lt;alerts&gt;</b>"),
        (old, 400, "InvalidParameter: Invalid parameter: &lt;Token&gt;"),
        (old, 400, "more than three days old"),
        (kept, 403, "Only the owner"),
    ):
        assert isinstance(page.body, bytes)
        assert (page.status, page.headers.get("content-type")) == (status, "text/html; charset=utf-8")
        assert says in page.body.decode()
        assert b"<alerts>" not in page.body and b"<script" not in page.body
        assert "script-src" not in page.headers.get("content-security-policy")  # none: default-src says so
        assert page.headers.get("content-security-policy").startswith("default-src 'none'; style-src 'sha256-")
    assert confirmed.headers.get("x-amzn-requestid") == "r-1"


def test_programs_are_told_in_xml(tmp_path: Path, clock: TestClock) -> None:
    pages = Pages(lambda: Signer(tmp_path, clock))
    reply = xml("ConfirmSubscription", {"SubscriptionArn": TOPIC})
    for request in (
        get("/", CONFIRM.removesuffix("&Page=html")),
        get("/", CONFIRM, method="POST"),
        get("/", CONFIRM.replace("ConfirmSubscription", "ListTopics")),
        get("/bucket", "prefix=Page=html"),
    ):
        assert pages.told(request, reply) is reply


def test_the_style_of_a_page_is_the_one_that_its_policy_lets_in(tmp_path: Path, clock: TestClock) -> None:
    pages = Pages(lambda: Signer(tmp_path, clock))
    page = asyncio.run(pages.answer(get("/unsubscribe.html", "SubscriptionArn=a")))
    assert page is not None and isinstance(page.body, bytes)
    style = page.body.decode().partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers.get("content-security-policy")


def test_aws_endpoints_are_tried_for_23_days_and_mail_for_six_hours() -> None:
    for policy, attempts, seconds in ((retries.AWS_ENDPOINTS, 100_015, 23 * 86400), (retries.MAIL, 50, 6 * 3600)):
        delays = []
        while (delay := policy.delay(len(delays) + 1)) is not None:
            delays.append(delay)
        assert len(delays) == attempts
        assert seconds < sum(delays) < seconds * 1.3
    assert [retries.AWS_ENDPOINTS.delay(number) for number in (1, 3, 4, 5, 6, 15, 16)] == [0, 0, 1, 1, 1, 20, 20]


@pytest.mark.parametrize("function", ["linear", "arithmetic", "geometric", "exponential"])
def test_backoff_grows_from_the_least_to_the_most(function: str) -> None:
    policy = retries.Retries(0, 0, 6, 0, 2, 60, 2, 60, function)
    delays = [policy.delay(number + 1) or 0.0 for number in range(6)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == pytest.approx((2, 60))
    assert policy.delay(7) is None


@pytest.mark.parametrize(
    ("healthy", "message"),
    [
        ('{"minDelayTarget":0}', "minDelayTarget must be a number from 1 to 3600"),
        ('{"numRetries":101}', "numRetries must be a number from 0 to 100"),
        ('{"numRetries":1,"numMaxDelayRetries":2}', "at least the sum"),
        ('{"minDelayTarget":30,"maxDelayTarget":20}', "less than or equal to maxDelayTarget"),
        ('{"backoffFunction":"cubic"}', "backoffFunction must be one of"),
        ('{"numRetries":100,"minDelayTarget":60,"maxDelayTarget":60}', "total retry time"),
        ('{"numRetries":"3"}', "numRetries must be a number"),
    ],
)
def test_a_delivery_policy_has_limits(healthy: str, message: str) -> None:
    with pytest.raises(retries.BadPolicy, match=message):
        retries.check_subscription_policy(f'{{"healthyRetryPolicy":{healthy}}}')
