"""Whom the account knows, as far as a sign-in has to know it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cairn.console.keys import Key
from cairn.core.password_policy import PasswordPolicy
from cairn.core.records.identity import Identity


@dataclass(frozen=True, slots=True)
class Device:
    """A virtual MFA device that was enabled for a user."""

    serial: str
    """Its ARN."""
    seed: str = field(repr=False)
    """Base32; empty for a device that the account knows nothing more of, which nobody can check."""


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user."""

    identity: Identity
    password: str | None = field(repr=False)
    """As `core.passwords` keeps it; None: the user may not sign in with one."""
    must_change: bool = False
    devices: tuple[Device, ...] = ()
    policy: PasswordPolicy = field(default_factory=PasswordPolicy)


class People(Protocol):
    """The account's IAM. Its methods block."""

    def is_account(self, account: str) -> bool:
        """Whether anybody could be in it."""

    def user(self, account: str, name: str) -> User | None:
        """The user of that name; None where there is none, or no such account.

        Raises:
            CairnError: the account does not answer.
        """

    def set_password(self, account: str, name: str, password: str) -> None:
        """Keep a user's new password, given as `core.passwords` keeps it, durably."""

    def roots_key(self, account: str) -> Key | None:
        """The access key whose secret is the password of an account's root; None where nobody may sign in as it."""
