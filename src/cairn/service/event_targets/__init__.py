"""What rules of event buses tell: each kind of target, where it is. One module a family."""

from cairn.service.event_targets.joined import ApiDestinations, EventTargets, event_targets

__all__ = ["ApiDestinations", "EventTargets", "event_targets"]
