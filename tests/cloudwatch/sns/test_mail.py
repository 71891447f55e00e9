"""Messages as mail, through a real relay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.cloudwatch.sns.relay import PASSWORD, USER, Relay, relaying, text_of
from tests.cloudwatch.sns.rig import ALARM, URL, Rig

from cairn.cloudwatch.sns.delivery import Deliveries
from cairn.cloudwatch.sns.mail import mailer
from cairn.core.config import Smtp
from cairn.core.errors import ConfigurationError

ADDRESS = "ops@example.org"


@pytest.fixture
def relay() -> Iterator[Relay]:
    with relaying() as relay:
        yield relay


@pytest.fixture
def mailing(rig: Rig, relay: Relay) -> Iterator[Deliveries]:
    deliveries = rig.deliverer(mailer(Smtp(host="127.0.0.1", port=relay.port)))
    yield deliveries
    deliveries.close()


def link(text: str) -> dict[str, str]:
    """The query of the link in a mail."""
    (found,) = re.findall(r"https?://\S+", text)
    assert found.startswith(URL)
    return dict(parse_qsl(urlsplit(found).query))


def test_an_address_is_asked_by_mail_and_hears_after_it_confirmed(rig: Rig, relay: Relay, mailing: Deliveries) -> None:
    topic = rig.topic(DisplayName="Alerts, all")
    arn = rig.subscribe(topic, "email", ADDRESS)
    rig.run(mailing)
    ((to, asked),) = relay.mail
    assert (to, asked["To"], asked["Subject"]) == (ADDRESS, ADDRESS, "AWS Notification - Subscription Confirmation")
    assert asked["From"] == '"Alerts, all" <cairn@example.org>'
    query = link(text_of(asked))
    assert query == {"TopicArn": topic, "Token": rig.token(arn), "Endpoint": ADDRESS}
    rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=query["Token"])
    rig.call("Publish", TopicArn=topic, Message="Wände\nfallen", Subject="Größe")
    rig.call("Publish", TopicArn=topic, Message="bare")
    rig.run(mailing)
    told, bare = (message for _, message in relay.mail[1:])
    assert (told["Subject"], bare["Subject"]) == ("Größe", "AWS Notification Message")
    assert text_of(told).startswith("Wände\nfallen\n")
    assert link(text_of(told))["SubscriptionArn"] == arn
    assert URL in told["List-Unsubscribe"]
    assert told["Message-ID"] != bare["Message-ID"]
    rig.call("Unsubscribe", account=None, SubscriptionArn=arn)
    rig.run(mailing)
    assert len(relay.mail) == 3


def test_the_address_to_unsubscribe_at_is_in_one_piece(rig: Rig, relay: Relay, mailing: Deliveries) -> None:
    topic = rig.topic("long-" * 20)
    arn = rig.subscribe(topic, "email", ADDRESS)
    rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=rig.token(arn))
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run(mailing)
    (url,) = re.findall(rb"^List-Unsubscribe: <(\S+)>\r?$", relay.raw[-1], re.MULTILINE)
    assert url.decode() in text_of(relay.mail[-1][1])


def test_email_json_is_the_signed_message(rig: Rig, relay: Relay, mailing: Deliveries) -> None:
    topic = rig.topic()
    arn = rig.subscribe(topic, "email-json", ADDRESS)
    rig.run(mailing)
    assert json.loads(text_of(relay.mail[0][1]))["Type"] == "SubscriptionConfirmation"
    rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=rig.token(arn))
    rig.call("Publish", TopicArn=topic, Message="x" * 2000)
    rig.run(mailing)
    body = json.loads(text_of(relay.mail[1][1]))
    assert (body["Message"], "Signature" in body) == ("x" * 2000, True)


def test_a_relay_that_puts_off_is_asked_again_and_one_that_refuses_is_not(
    rig: Rig, relay: Relay, mailing: Deliveries
) -> None:
    topic = rig.topic()
    arn = rig.subscribe(topic, "email", ADDRESS)
    rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=rig.token(arn))
    rig.run(mailing)
    relay.mail.clear()
    relay.refuse = {ADDRESS: "451 later"}
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run(mailing, seconds=5)
    assert rig.waiting() == 1
    assert "later" in next(iter(mailing.troubles().values())).error
    relay.refuse = {}
    rig.run(mailing, seconds=20)
    assert len(relay.mail) == 1
    relay.refuse = {ADDRESS: "550 no such mailbox"}
    rig.call("Publish", TopicArn=topic, Message="m")
    rig.run(mailing)
    assert (rig.waiting(), len(relay.mail)) == (0, 1)


def test_without_a_relay_a_subscription_stays_pending_and_that_is_told(rig: Rig, relay: Relay) -> None:
    arn = rig.subscribe(rig.topic(), "email", ADDRESS)
    rig.run(seconds=600)
    assert rig.waiting() == 1
    assert "smtp.host" in rig.deliveries.troubles()[arn].error
    later = rig.deliverer(mailer(Smtp(host="127.0.0.1", port=relay.port)))
    rig.run(later, seconds=60)
    assert len(relay.mail) == 1
    later.close()


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_the_relay_is_logged_in_to(rig: Rig, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    with relaying(login=True) as relay:
        settings = Smtp(host="127.0.0.1", port=relay.port, user=USER, password_file=str(password))
        deliveries = rig.deliverer(mailer(settings))
        rig.subscribe(rig.topic(), "email", ADDRESS)
        rig.run(deliveries)
        assert len(relay.mail) == 1
        deliveries.close()


def test_a_password_is_not_sent_in_clear() -> None:
    with pytest.raises(ConfigurationError, match="in clear"):
        mailer(Smtp(host="mail.example.org", user="u", password="p"))
    with pytest.raises(ConfigurationError, match="password_file"):
        mailer(Smtp(host="localhost", user="u", password_file="/nowhere"))


def test_a_service_s_subject_of_two_lines_is_one_and_no_header(rig: Rig, relay: Relay, mailing: Deliveries) -> None:
    topic = rig.topic()
    arn = rig.subscribe(topic, "email", ADDRESS)
    rig.call("ConfirmSubscription", account=None, TopicArn=topic, Token=rig.token(arn))
    rig.topics.publish(topic, "text", source=ALARM, subject="a\r\nBcc: eve@example.org")
    rig.run(mailing)
    (told,) = (mail for _, mail in relay.mail if "Confirmation" not in mail["Subject"])
    assert (told["Subject"], told["Bcc"]) == ("a Bcc: eve@example.org", None)
