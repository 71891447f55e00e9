"""What a user of IAM signs in to a console with: passwords and MFA devices, checked and kept as IAM does."""

from __future__ import annotations

import dataclasses
from typing import Any

import moto.iam.models as iam
import pyotp
from moto.core.responses import EmptyResult
from moto.iam.exceptions import IAMException
from moto.iam.responses import IamResponse

from cairn.account.moto.wire_names import CALLER
from cairn.core.clock import SystemClock
from cairn.core.password_policy import PasswordPolicy
from cairn.core.passwords import hash_password, is_password

CODE_WINDOW_STEPS = 2
"""How many steps of half a minute a device's clock may differ when it is enabled."""

_clock = SystemClock()


class InvalidAuthenticationCode(IAMException):
    code = "InvalidAuthenticationCode"


class InvalidUserType(IAMException):
    code = "InvalidUserType"


class PasswordPolicyViolation(IAMException):
    code = "PasswordPolicyViolation"


class WrongPassword(IAMException):
    code = "AccessDenied"


def adapt_sign_in() -> None:
    """moto keeps passwords as they are, forgets whether they must be changed, and takes any code of a device."""
    IamResponse.create_login_profile = _create_login_profile
    IamResponse.update_login_profile = _update_login_profile
    IamResponse.change_password = _change_password
    enable = iam.IAMBackend.enable_mfa_device

    def enable_proven(self: Any, user_name: str, serial_number: str, code_1: str, code_2: str) -> None:
        device = self.virtual_mfa_devices.get(serial_number)
        if device is not None and not _follow(device.base32_string_seed, code_1, code_2):
            raise InvalidAuthenticationCode("Authentication code for device is not valid.")
        enable(self, user_name, serial_number, code_1, code_2)

    iam.IAMBackend.enable_mfa_device = enable_proven


def of_user(backend: iam.IAMBackend, name: str) -> dict[str, Any]:
    """What a sign-in has to know of a user.

    Raises:
        LookupError: there is none of that name.
    """
    user = backend.users[name]
    seeds = {serial: device.base32_string_seed for serial, device in backend.virtual_mfa_devices.items()}
    return {
        "password": user.password,
        "must_change": bool(user.password_reset_required),
        "devices": [{"serial": serial, "seed": seeds.get(serial, "")} for serial in user.mfa_devices],
        "policy": dataclasses.asdict(_policy(backend)),
    }


def set_password(backend: iam.IAMBackend, name: str, password: str) -> None:
    """Keep a user's new password, given as `core.passwords` keeps it.

    Raises:
        LookupError: there is no such user.
    """
    user = backend.users[name]
    user.password = password
    user.password_reset_required = False


def _create_login_profile(self: Any) -> Any:
    name, password = self._get_param("UserName"), self._get_param("Password")
    user = self.backend.create_login_profile(name, hash_password(password))
    user.password_reset_required = _is_true(self._get_param("PasswordResetRequired"))
    return IamResponse.get_login_profile(self)


def _update_login_profile(self: Any) -> EmptyResult:
    user = self.backend.get_login_profile(self._get_param("UserName"))
    password, must_change = self._get_param("Password"), self._get_param("PasswordResetRequired")
    if password:
        user.password = hash_password(password)
    if must_change is not None:
        user.password_reset_required = _is_true(must_change)
    return EmptyResult()


def _change_password(self: Any) -> EmptyResult:
    user = self.backend.users.get(self.headers.get(CALLER))
    if user is None:
        raise InvalidUserType("Only IAM Users can change their own password")
    old, new = self._get_param("OldPassword"), self._get_param("NewPassword")
    if not user.password or not is_password(old, user.password):
        raise WrongPassword("The old password was incorrect.")
    problem = _policy(self.backend).problem(new)
    if problem:
        raise PasswordPolicyViolation(problem)
    set_password(self.backend, user.name, hash_password(new))
    return EmptyResult()


def _policy(backend: iam.IAMBackend) -> PasswordPolicy:
    policy = backend.account_password_policy
    if policy is None:
        return PasswordPolicy()
    return PasswordPolicy(
        policy.minimum_password_length,
        upper=bool(policy.require_uppercase_characters),
        lower=bool(policy.require_lowercase_characters),
        digit=bool(policy.require_numbers),
        symbol=bool(policy.require_symbols),
    )


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _follow(seed: str, code_1: str, code_2: str) -> bool:
    """Whether two codes are those of a device at two steps one after the other, about now."""
    otp = pyotp.TOTP(seed)
    now = int(_clock.now()) // otp.interval
    steps = range(now - CODE_WINDOW_STEPS, now + CODE_WINDOW_STEPS + 1)
    return any(otp.generate_otp(step) == code_1 and otp.generate_otp(step + 1) == code_2 for step in steps)
