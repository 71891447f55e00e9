"""What the pages ask of the permissions of whoever is signed in, where they make no call that would ask itself."""

from __future__ import annotations

from typing import Protocol

from cairn.console.exchange import Visit
from cairn.console.sessions import Person


class Rights(Protocol):
    """May they?"""

    async def look_up(self, visit: Visit, person: Person, *, recorded: bool = True) -> None:
        """Return if the person may call LookupEvents.

        Args:
            recorded: whether the call is recorded, as the ones that give out events are.

        Raises:
            AwsError: they may not, or it cannot be recorded.
        """

    async def see_status(self, visit: Visit, person: Person) -> None:
        """Return if the person may ask how the installation is.

        Raises:
            AwsError: they may not.
        """

    async def see_trails(self, visit: Visit, person: Person, region: str) -> None:
        """Return if the person may call DescribeTrails in a Region.

        Raises:
            AwsError: they may not.
        """
