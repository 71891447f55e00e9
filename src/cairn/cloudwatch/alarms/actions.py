"""Carrying out what alarms owe: a loop for topics, and one for functions, which may keep others waiting."""

from __future__ import annotations

import logging
from typing import Protocol

from cairn.cloudwatch.alarms import outbox
from cairn.cloudwatch.alarms.outbox import LAMBDA, SNS, Owed
from cairn.cloudwatch.alarms.tables import actions
from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.core.failpoints import failpoint
from cairn.core.state import State

log = logging.getLogger(__name__)

POLL_S = 0.25
ACTIONS_A_STEP = 100
RETRY_FIRST_S = 1.0
RETRY_MAX_S = 60.0
GIVEN_UP_AFTER_S = 24 * 3_600.0
"""AWS tries "until the invocation is successful"; somebody would have to be told of a day-old alarm some other way."""


class ActionFailed(CairnError):
    """An action was not carried out. `final`: it never will be, however often it is tried."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


class Actions(Protocol):
    """What alarms do to others. Topics and functions are of any account and Region."""

    def publish(self, topic: str, message: str, *, subject: str, email: str, alarm: str, once: str) -> None:
        """Publish to the topic of this ARN, as CloudWatch for the alarm whose ARN is `alarm`.

        Args:
            email: what is sent to people instead of `message`, where the topic can tell them apart.
            once: a message with the same id is the same message, and is not published twice.

        Raises:
            ActionFailed: the topic did not take it.
        """

    def invoke(self, function: str, event: str, *, alarm: str, once: str) -> None:
        """Invoke the function of this ARN asynchronously, as CloudWatch's alarms do.

        Raises:
            ActionFailed: Lambda did not take it.
        """


class ActionRunner:
    """One kind of actions. `step` is for one thread.

    Args:
        functions: those that invoke Lambda functions; else all others.
    """

    def __init__(self, state: State, does: Actions, clock: Clock, *, functions: bool) -> None:
        self.name = "alarm functions" if functions else "alarm actions"
        self._state = state
        self._does = does
        self._clock = clock
        self._mine = actions.c.service == LAMBDA if functions else actions.c.service != LAMBDA
        self._revision: int | None = None
        self._idle_until = 0.0

    def step(self) -> float:
        """Carry out what is due. Returns the seconds until there may be more."""
        now = self._clock.now()
        revision = self._state.revision()
        if revision == self._revision and now < self._idle_until:
            return POLL_S
        self._revision = revision
        with self._state.read() as connection:
            owed = outbox.due(connection, self._mine, now=now, limit=ACTIONS_A_STEP)
            following = outbox.next_due(connection, self._mine) if not owed else None
        for each in owed:
            self._carry_out(each)
        self._idle_until = 0.0 if owed else following if following is not None else now + 60.0
        return 0.0 if len(owed) == ACTIONS_A_STEP else POLL_S

    def _carry_out(self, owed: Owed) -> None:
        try:
            self._do(owed)
            failpoint("alarms.acted")
        except ActionFailed as error:
            self._failed(owed, error)
        except Exception as error:  # one that cannot even be tried must not be in the way of all others
            log.exception("%s: action %s", owed.alarm.arn, owed.resource)
            self._failed(owed, ActionFailed(f"An error of ours: {type(error).__name__}", final=False))
        else:
            with self._state.write() as connection:
                outbox.settle(connection, owed, self._clock.now())

    def _do(self, owed: Owed) -> None:
        content = owed.content
        if owed.service == SNS:
            self._does.publish(
                owed.resource,
                content.message,
                subject=content.subject,
                email=content.email,
                alarm=owed.alarm.arn,
                once=owed.once,
            )
        elif owed.service == LAMBDA:
            self._does.invoke(owed.resource, content.message, alarm=owed.alarm.arn, once=owed.once)
        else:
            raise ActionFailed(f"Cairn does not carry out actions of {owed.service}.", final=True)

    def _failed(self, owed: Owed, error: ActionFailed) -> None:
        now = self._clock.now()
        given_up = error.final or now - owed.changed >= GIVEN_UP_AFTER_S
        with self._state.write() as connection:
            if given_up:
                outbox.settle(connection, owed, now, error.message)
            else:
                pause = min(RETRY_FIRST_S * 2.0 ** min(owed.attempts, 10), RETRY_MAX_S)
                outbox.delay(connection, owed, error.message, now + pause)
        how = "given up" if given_up else "tried again"
        log.warning("%s: action %s failed (%s): %s", owed.alarm.arn, owed.resource, how, error.message)
