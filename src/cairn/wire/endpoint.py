"""An AWS-shaped endpoint elsewhere, as a URL names it: `http://KEY:SECRET@minio.internal:9000`."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from cairn.core.errors import ConfigurationError
from cairn.wire.signing import Credentials


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where it is, and whose calls it takes."""

    url: str
    """Without credentials, and without a slash at its end."""
    host: str
    """What goes into the Host header."""
    credentials: Credentials | None = field(repr=False)
    """Those that stood in the URL."""

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """The endpoint at `url`.

        Raises:
            ConfigurationError: it is no address, or names half a pair of credentials.
        """
        parts = urlsplit(url)
        try:
            name, port = parts.hostname, parts.port
        except ValueError:
            name = port = None
        shown = parts.netloc.rpartition("@")[2]
        if parts.scheme not in ("http", "https") or not name:
            raise ConfigurationError(f"the upstream {shown or 'that is set'} is no http:// or https:// address")
        if bool(parts.username) != bool(parts.password):
            raise ConfigurationError(
                f"the upstream {shown} has half a pair of credentials",
                advice="Write it as http://ACCESS_KEY:SECRET@host:port, with %2F for a slash.",
            )
        host = f"[{name}]" if ":" in name else name
        host = f"{host}:{port}" if port else host
        credentials = Credentials(unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        return cls(urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")), host, credentials)
