"""What the embedded account answers to an invocation: the truth, which is that it ran nothing."""

from __future__ import annotations

import json
from typing import Any

REASON = "Cairn's embedded account keeps functions and records their invocations, but does not run their code."


def answer(function: Any, event: Any = None) -> tuple[str, bool, str]:
    """Payload, whether the function failed, and log; in place of moto's method that starts a container."""
    function.logs_backend.ensure_log_group(function.logs_group_name)
    function.save_logs(REASON)
    payload = {"executed": False, "function": function.function_arn, "reason": REASON}
    return json.dumps(payload), False, REASON
