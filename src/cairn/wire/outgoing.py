"""Requests to servers of strangers, wherever they may be but where nobody allowed it."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from cairn.core.clock import SystemClock

CONNECT_S = 5.0
REPLY_S = 15.0
"""For each piece of a reply."""
WHOLE_S = 30.0
"""For all of a request and its reply: a server that sends a byte now and then would keep a thread for ever."""
REPLY_BYTES_MAX = 64 << 10
"""What is read of a reply."""

_CARRYING = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "::/96")))
"""IPv6 networks whose last four bytes are the IPv4 address that packets end up at: NAT64's, and those of addresses that
are mapped, translated or compatible."""
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""What the internet has of IPv6."""
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")
"""Of protocols and of clouds' own services, all of which not every Python knows to be private."""

_clock = SystemClock()  # sockets know no other


class OutgoingError(Exception):
    """Nothing was answered.

    Args:
        refused: whether the server is where requests may not go, or the request is none, so that trying again changes
            nothing.
        timed_out: whether it took longer than it may.
    """

    def __init__(self, message: str, *, refused: bool = False, timed_out: bool = False) -> None:
        super().__init__(message)
        self.refused = refused
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    """The first `REPLY_BYTES_MAX` of it."""


class Outgoing:
    """Asks servers by URL.

    Args:
        allow_private: whether those at private addresses may be asked.
        setting: what allows it, for the message.
        whole_s: for connecting, the request and its reply.
    """

    def __init__(self, *, allow_private: bool, setting: str, whole_s: float = WHOLE_S) -> None:
        self._allow_private = allow_private
        self._setting = setting
        self._whole_s = whole_s

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made when it is needed: it holds all authorities that the machine trusts."""
        return ssl.create_default_context()

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request and read its reply, whatever it says. Redirections are not followed.

        Args:
            url: absolute; a name and a password in it are not sent.

        Raises:
            OutgoingError: there is no reply. Its message shows nothing of the request but its host.
        """
        end = _clock.monotonic() + self._whole_s
        parts = urlsplit(url)
        encoded = {name: value.encode() for name, value in headers.items()}
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port, end)
        late = threading.Event()
        try:
            with _hung_up_at(end, connection.sock, late):
                if isinstance(connection.sock, ssl.SSLSocket):
                    connection.sock.do_handshake()
                connection.request(method, path, body, {"accept-encoding": b"identity", **encoded})
                reply = connection.getresponse()
                read = reply.read(REPLY_BYTES_MAX)
        except OSError as error:
            timed_out = late.is_set() or isinstance(error, TimeoutError)
            raise OutgoingError(f"no answer: {type(error).__name__}: {error}", timed_out=timed_out) from error
        except (http.client.InvalidURL, ValueError) as error:  # whose text shows the URL or a header
            raise OutgoingError("the URL or a header of the request cannot be sent", refused=True) from error
        except http.client.HTTPException as error:
            raise OutgoingError(f"no answer: {type(error).__name__}", timed_out=late.is_set()) from error
        finally:
            connection.close()
        if late.is_set():
            raise OutgoingError("no answer: it took too long", timed_out=True)
        return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, read)

    def _connection(self, scheme: str, host: str, port: int | None, end: float) -> http.client.HTTPConnection:
        """A connection to one of the host's addresses: the name is looked up once, so that what was allowed is what
        is asked."""
        number = port or (443 if scheme == "https" else 80)
        addresses = self._addresses(host, number)
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(host, port, timeout=REPLY_S, context=self._tls)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=REPLY_S)
        raw = _open(addresses, end)
        try:
            raw.settimeout(REPLY_S)
            connection.sock = raw
            if scheme == "https":
                connection.sock = self._tls.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
        except (OSError, ValueError) as error:
            raw.close()
            raise OutgoingError(f"no connection: {type(error).__name__}: {error}") from error
        return connection

    def _addresses(self, host: str, port: int) -> list[tuple[Any, ...]]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise OutgoingError(f"{host} is not known: {error}") from error
        if self._allow_private:
            return list(found)
        public = [each for each in found if not is_private(str(each[4][0]))]
        if not public:
            raise OutgoingError(f"{host} is at a private address, which {self._setting} allows", refused=True)
        return list(public)


def is_private(address: str) -> bool:
    """Whether an IP address is one that the internet does not reach: of this machine, of a network at home, of a
    cloud's own services.

    Raises:
        ValueError: it is no address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = _carried(found)
        if inner is None and found not in _UNICAST:
            return True
        found = inner or found
    return not found.is_global or found.is_multicast or found in _PROTOCOLS


def names_private(host: str) -> bool:
    """Whether the host of a URL is a private address by its looks; what a name stands for is not looked up."""
    try:
        return is_private(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets to an IPv6 address end up at: of `_CARRYING`, or of 6to4."""
    if any(address in network for network in _CARRYING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour


def _open(addresses: list[tuple[Any, ...]], end: float) -> socket.socket:
    problem, timed_out = "no address", False
    for family, kind, protocol, _, address in addresses:
        left = end - _clock.monotonic()
        if left <= 0:
            break
        raw = socket.socket(family, kind, protocol)
        raw.settimeout(min(CONNECT_S, left))
        try:
            raw.connect(address)
        except OSError as error:
            raw.close()
            problem, timed_out = f"{type(error).__name__}: {error}", isinstance(error, TimeoutError)
        else:
            return raw
    raise OutgoingError(f"no connection: {problem}", timed_out=timed_out)


@contextmanager
def _hung_up_at(end: float, connection: socket.socket, late: threading.Event) -> Iterator[None]:
    """Whoever reads or writes the connection after that time finds it closed, and `late` set."""

    def hang_up() -> None:
        late.set()
        with suppress(OSError, ValueError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(end - _clock.monotonic(), 0.0), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
