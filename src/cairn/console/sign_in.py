"""Signing in: who somebody is, proven by a password, a code, or an access key."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from cairn.console.exchange import Refusal, Visit
from cairn.console.guesses import Guesses
from cairn.console.keys import Key, Keys
from cairn.console.people import Device, People, User
from cairn.console.register import Register
from cairn.console.second_factor import SecondFactor
from cairn.console.sessions import SESSION_S, Sessions
from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.core.password_policy import PASSWORD_CHARS_MAX
from cairn.core.passwords import hash_password, is_password
from cairn.core.records.identity import Identity, Session, root

THREADS = 2
"""Passwords that are compared at the same time: each takes 16 MB and most of a core."""
UNDER_WAY_MAX = 64
"""Sign-ins at the same time in one process; one more is refused."""


class SignInRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the sign-in page sends: a user's name and password, the root's, or an access key."""

    account: str = ""
    user: str = ""
    password: str = ""
    mfa: str = ""
    new_password: str = msgspec.field(default="", name="newPassword")
    root: bool = False
    access_key_id: str = msgspec.field(default="", name="accessKeyId")
    secret_access_key: str = msgspec.field(default="", name="secretAccessKey")
    session_token: str = msgspec.field(default="", name="sessionToken")


class SignIn:
    """Lets people in, and has recorded whom it let in and whom not before it says so.

    Args:
        account: whose history has the sign-ins that name no account of ours.
    """

    def __init__(
        self,
        people: People,
        keys: Keys,
        sessions: Sessions,
        guesses: Guesses,
        second_factor: SecondFactor,
        register: Register,
        clock: Clock,
        *,
        account: str,
    ) -> None:
        self._people = people
        self._keys = keys
        self._sessions = sessions
        self._guesses = guesses
        self._second_factor = second_factor
        self._register = register
        self._clock = clock
        self._account = account
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sign-in")
        self._nobodys = hash_password("")
        self._under_way = 0

    def close(self) -> None:
        self._threads.shutdown()

    async def enter(self, visit: Visit, asked: SignInRequest) -> str:
        """The token of a new session.

        Raises:
            Refusal: `SignInFailed`, `MfaRequired`, `PasswordResetRequired`, or what keeps anybody from signing in.
        """
        if self._under_way >= UNDER_WAY_MAX:
            raise Refusal("ServiceUnavailable", "Too many sign-ins are under way. Try again.", 503)
        self._under_way += 1
        try:
            return await self._enter(visit, asked)
        finally:
            self._under_way -= 1

    async def _enter(self, visit: Visit, asked: SignInRequest) -> str:
        if asked.access_key_id:
            return await self._with_key(visit, asked)
        if not asked.account:
            raise Refusal("ValidationException", "Give the account, or an access key.", 400)
        if asked.root:
            return await self._as_root(visit, asked)
        return await self._as_user(visit, asked)

    async def _as_user(self, visit: Visit, asked: SignInRequest) -> str:
        guess = (asked.account, asked.user, visit.address)
        await self._guesses.admit(*guess)
        whose = await self._whose(asked.account)  # asked of everybody, so that a name's absence takes no longer
        user = await self._blocking(self._people.user, asked.account, asked.user)
        kept = user.password if user is not None and user.password is not None else self._nobodys
        right = await self._blocking(is_password, asked.password, kept)
        if user is None:
            await self._register.unknown(visit, whose)
            raise _failed()
        if not right or user.password is None:
            await self._register.failed(visit, user.identity)
            raise _failed()
        problem = _problem_of_change(user, asked)
        device = await self._proven_by(visit, user, asked.mfa, use=problem is None)
        await self._guesses.forgive(*guess)
        if problem is not None:
            raise problem
        if user.must_change:
            await self._change_password(visit, user, asked)
        return await self._begin(visit, user.identity, device)

    async def _proven_by(self, visit: Visit, user: User, code: str, *, use: bool) -> str:
        """The serial number of the device whose code was given; empty where the user has none.

        Args:
            use: whether the code lets in now; otherwise it is good once more.
        """
        if not user.devices:
            return ""
        if not code:
            await self._register.asked_for_code(visit, user.identity, len(user.devices))
            raise Refusal("MfaRequired", "Give the code that your MFA device shows.", 401)
        guess = (user.identity.account, user.identity.principal_id)
        await self._guesses.admit_code(*guess)
        device: Device | None = await self._blocking(self._device_of, user.devices, code, use)
        if device is None:
            await self._register.failed(visit, user.identity, mfa=True)
            raise _failed()
        await self._guesses.forgive_code(*guess)
        return device.serial

    def _device_of(self, devices: tuple[Device, ...], code: str, use: bool) -> Device | None:
        accept = self._second_factor.accept
        fits = (each for each in devices if each.seed and accept(each.serial, each.seed, code, use=use))
        return next(fits, None)

    async def _change_password(self, visit: Visit, user: User, asked: SignInRequest) -> None:
        kept = await self._blocking(hash_password, asked.new_password)
        await self._register.changed_password(visit, user.identity)
        await self._blocking(self._people.set_password, asked.account, asked.user, kept)

    async def _as_root(self, visit: Visit, asked: SignInRequest) -> str:
        guess = (asked.account, "root", visit.address)
        await self._guesses.admit(*guess)
        key = await self._blocking(self._people.roots_key, asked.account)
        if key is None:
            await self._register.unknown(visit, await self._whose(asked.account))
            raise _failed()
        if not hmac.compare_digest(_bytes(key.secret), _bytes(asked.password)):
            await self._register.failed(visit, root(asked.account))
            raise _failed()
        await self._guesses.forgive(*guess)
        return await self._begin(visit, root(asked.account), "", key)

    async def _with_key(self, visit: Visit, asked: SignInRequest) -> str:
        guess = ("", asked.access_key_id, visit.address)
        await self._guesses.admit(*guess)
        key = await self._keys.check(asked.access_key_id, asked.secret_access_key, asked.session_token)
        if key is None:
            known = await self._keys.find(asked.access_key_id)
            if known is None:
                await self._register.unknown(visit, self._account)
            else:
                await self._register.failed(visit, known.identity)
            raise _failed()
        await self._guesses.forgive(*guess)
        return await self._begin(visit, key.identity, "", key)

    async def _begin(self, visit: Visit, identity: Identity, device: str, like: Key | None = None) -> str:
        """The token of a session of somebody who has proven who they are."""
        await self._guesses.admit_session(identity.account, identity.principal_id.partition(":")[0])
        await self._register.signed_in(visit, identity, device=device)
        now = self._clock.now()
        known = identity.session or Session(created=int(now))
        mfa = bool(device) or known.mfa
        session = msgspec.structs.replace(known, mfa=mfa, from_console=True)
        expires = now + SESSION_S
        if like is not None and like.expires is not None:
            expires = min(expires, like.expires)
        signed_in = msgspec.structs.replace(identity, session=session)
        proof = like.id if like is not None and await self._keys.find(like.id) is not None else ""
        return await self._sessions.begin(await self._keys.issue(signed_in, expires, like=proof), proof=proof)

    async def _whose(self, account: str) -> str:
        """Whose history tells of a failure: the account that was named, where it is one that has people."""
        return account if await self._blocking(self._people.is_account, account) else self._account

    async def _blocking(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        except CairnError as error:
            raise Refusal("ServiceUnavailable", error.message, 503, advice=error.advice) from error


def _problem_of_change(user: User, asked: SignInRequest) -> Refusal | None:
    """Why a user who must change the password may not go on with the new one."""
    if not user.must_change:
        return None
    new = asked.new_password
    if not new:
        return Refusal("PasswordResetRequired", "The password must be changed: choose a new one.", 401)
    problem = "The new password is the old one." if new == asked.password else user.policy.problem(new)
    return Refusal("PasswordPolicyViolation", problem, 400) if problem else None


def _failed() -> Refusal:
    """The same for whatever was wrong, so that nobody learns which names there are."""
    return Refusal("SignInFailed", "Account, user name, password or code is not right.", 401)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")[: PASSWORD_CHARS_MAX * 8]
