"""Live tail: log events as they come in, a handful a second, for whoever watches."""

from cairn.cloudwatch.tail.session import Session, Update
from cairn.cloudwatch.tail.sessions import Sessions

__all__ = ["Session", "Sessions", "Update"]
