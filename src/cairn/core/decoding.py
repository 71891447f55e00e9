"""What decoding JSON, or MessagePack, that anybody may have written can raise."""

from __future__ import annotations

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""Beside msgspec's own errors: text that is no UTF-8, half of a surrogate pair, and what is nested too deeply."""
