"""Operations on topics: making, describing, changing, tagging and deleting them."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.sns import policies, refusals, topic
from cairn.cloudwatch.sns.arns import FIFO, TopicId, check_name
from cairn.cloudwatch.sns.operations.arguments import Answer, Params, read_token, topic_argument, write_token
from cairn.cloudwatch.sns.tables import tags, topics
from cairn.cloudwatch.sns.topic import Topic
from cairn.cloudwatch.sns.topics import Topics, read_topic
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import AwsError
from cairn.wire.operation import Context, Operation

PAGE = 100
TAGS_MAX = 50
DATA_PROTECTION_BYTES_MAX = 30_720

_ACCOUNT = re.compile(r"\d{12}")


class TopicOperations:
    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateTopic": self.create_topic,
            "DeleteTopic": self.delete_topic,
            "ListTopics": self.list_topics,
            "GetTopicAttributes": self.get_topic_attributes,
            "SetTopicAttributes": self.set_topic_attributes,
            "AddPermission": self.add_permission,
            "RemovePermission": self.remove_permission,
            "GetDataProtectionPolicy": self.get_data_protection_policy,
            "PutDataProtectionPolicy": self.put_data_protection_policy,
            "TagResource": self.tag_resource,
            "UntagResource": self.untag_resource,
            "ListTagsForResource": self.list_tags_for_resource,
        }

    def create_topic(self, context: Context, params: Params) -> Answer:
        attributes: dict[str, str] = params.get("Attributes", {})
        fifo = attributes.get("FifoTopic") == "true"
        check_name(params["Name"], fifo=fifo)
        named = TopicId(context.account, context.region, params["Name"])
        checked = topic.check_attributes(attributes, named)
        protection = params.get("DataProtectionPolicy", checked.pop("DataProtectionPolicy", ""))
        if protection:
            _check_data_protection(protection, named)
        tagged = _read_tags(params["Tags"]) if params.get("Tags") else None
        made = self._topics.create(named, checked, tagged)
        if protection:
            self._set_data_protection(named, protection)
        return {"TopicArn": made.arn}

    def delete_topic(self, context: Context, params: Params) -> Answer:
        self._topics.delete(topic_argument(context, params))
        return {}

    def list_topics(self, context: Context, params: Params) -> Answer:
        after = read_token(params.get("NextToken"))
        found = self._topics.names(context.account, context.region, after, PAGE + 1)
        answer: dict[str, Any] = {"Topics": [{"TopicArn": arn} for arn in found[:PAGE]]}
        return answer | ({"NextToken": write_token(found[PAGE - 1])} if len(found) > PAGE else {})

    def get_topic_attributes(self, context: Context, params: Params) -> Answer:
        found = self._topics.get(topic_argument(context, params))
        return {"Attributes": found.described(*self._topics.counts(found))}

    def set_topic_attributes(self, context: Context, params: Params) -> Answer:
        named = topic_argument(context, params)
        name, value = params["AttributeName"], params.get("AttributeValue", "")
        self._topics.get(named)
        topic.check_attribute(name, value, named)
        self._topics.change(named, lambda now: {**now.attributes, name: value})
        return {}

    def add_permission(self, context: Context, params: Params) -> Answer:
        named = topic_argument(context, params)
        actions: list[str] = params["ActionName"]
        for action in actions:
            if action != "*" and action not in policies.OWNER_ACTIONS:
                raise refusals.invalid("Policy statement action out of service scope!")
        for account in params["AWSAccountId"]:
            if not _ACCOUNT.fullmatch(account):
                raise refusals.invalid(f"AWSAccountId: {account} is no account")

        def add(now: Topic) -> dict[str, str]:
            text = policies.with_statement(now.policy, params["Label"], now.arn, params["AWSAccountId"], actions)
            if text is None:
                raise refusals.invalid("Statement already exists")
            topic.check_policy(text)
            return {**now.attributes, "Policy": text}

        self._topics.change(named, add)
        return {}

    def remove_permission(self, context: Context, params: Params) -> Answer:
        def remove(now: Topic) -> dict[str, str]:
            return {**now.attributes, "Policy": policies.without_statement(now.policy, params["Label"])}

        self._topics.change(topic_argument(context, params), remove)
        return {}

    def get_data_protection_policy(self, context: Context, params: Params) -> Answer:
        found = self._topics.get(topic_argument(context, params, "ResourceArn"))
        with self._topics.state.read() as connection:
            text = connection.scalar(sa.select(topics.c.data_protection).where(topics.c.id == found.id))
        return {"DataProtectionPolicy": text} if text else {}

    def put_data_protection_policy(self, context: Context, params: Params) -> Answer:
        named = topic_argument(context, params, "ResourceArn")
        self._topics.get(named)
        if params["DataProtectionPolicy"]:
            _check_data_protection(params["DataProtectionPolicy"], named)
        self._set_data_protection(named, params["DataProtectionPolicy"])
        return {}

    def tag_resource(self, context: Context, params: Params) -> Answer:
        named = topic_argument(context, params, "ResourceArn")
        new = _read_tags(params["Tags"])
        with self._topics.state.write() as connection:
            found = _tagged(connection, named)
            now = _tags_of(connection, found) | new
            if len(now) > TAGS_MAX:
                raise refusals.too_many_tags()
            connection.execute(sa.delete(tags).where(tags.c.topic == found.id, tags.c.key.in_(list(new))))
            if new:
                rows = [{"topic": found.id, "key": key, "value": value} for key, value in new.items()]
                connection.execute(sa.insert(tags), rows)
        return {}

    def untag_resource(self, context: Context, params: Params) -> Answer:
        named = topic_argument(context, params, "ResourceArn")
        with self._topics.state.write() as connection:
            found = _tagged(connection, named)
            connection.execute(sa.delete(tags).where(tags.c.topic == found.id, tags.c.key.in_(params["TagKeys"])))
        return {}

    def list_tags_for_resource(self, context: Context, params: Params) -> Answer:
        named = topic_argument(context, params, "ResourceArn")
        with self._topics.state.read() as connection:
            found = _tags_of(connection, _tagged(connection, named))
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}

    def _set_data_protection(self, named: TopicId, text: str) -> None:
        with self._topics.state.write() as connection:
            connection.execute(sa.update(topics).where(topics.c.arn == named.arn).values(data_protection=text))


def _tagged(connection: sa.Connection, named: TopicId) -> Topic:
    found = read_topic(connection, named)
    if found is None:
        raise refusals.resource_not_found()
    return found


def _tags_of(connection: sa.Connection, found: Topic) -> dict[str, str]:
    select = sa.select(tags.c.key, tags.c.value).where(tags.c.topic == found.id).order_by(tags.c.key)
    return {row.key: row.value for row in connection.execute(select)}


def _read_tags(given: list[dict[str, str]]) -> dict[str, str]:
    found = {tag["Key"]: tag["Value"] for tag in given}
    if len(found) < len(given):
        raise refusals.invalid("Duplicated keys are not allowed.")
    if len(found) > TAGS_MAX:
        raise refusals.too_many_tags()
    if any(key.lower().startswith("aws:") for key in found):
        raise refusals.invalid("Tag keys that begin with aws: cannot be set")
    return found


def _check_data_protection(text: str, named: TopicId) -> None:
    """It is kept and answered; nothing in messages is looked for or hidden, which a policy that denies would ask."""
    if named.name.endswith(FIFO):
        raise refusals.invalid("DataProtectionPolicy: FIFO topics have none")
    if len(text.encode("utf-8", "surrogatepass")) > DATA_PROTECTION_BYTES_MAX:
        raise refusals.invalid("DataProtectionPolicy: it is too long")
    try:
        document = msgspec.json.decode(text)
    except UNREADABLE as error:
        raise _bad_protection(str(error)) from error
    if not isinstance(document, dict) or not isinstance(document.get("Statement"), list):
        raise _bad_protection("it must be an object with a list of statements")
    for statement in document["Statement"]:
        operation = statement.get("Operation", {}) if isinstance(statement, dict) else {}
        if set(operation) & {"Deny", "Deidentify"}:
            raise refusals.unsupported("data protection that denies or hides what is in messages")


def _bad_protection(text: str) -> AwsError:
    return refusals.invalid(f"DataProtectionPolicy: {text}")
