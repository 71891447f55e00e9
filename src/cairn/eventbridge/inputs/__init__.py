"""What a target is sent of an event: all of it, a part, a constant, or a template filled in. Pure."""

from cairn.eventbridge.inputs.checking import check
from cairn.eventbridge.inputs.payload import is_sound, payload

__all__ = ["check", "is_sound", "payload"]
