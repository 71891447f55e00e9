"""Serving the door: a listening socket, shared by the gateways of one machine, and uvicorn on it."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

from cairn.core.config import Settings
from cairn.core.errors import CairnError, ConfigurationError
from cairn.gateway.protocol import AwsHttpProtocol
from cairn.gateway.server import Door

BACKLOG = 1024
KEEP_ALIVE_S = 75
STOP_S = 10
CONNECTIONS_MAX = 2_000


def listen(settings: Settings) -> socket.socket:
    """The socket that gateways accept on.

    Raises:
        ConfigurationError: `auth.mode = trust` on an address that others can reach.
        CairnError: the port is taken, or the address is not this machine's.
    """
    host, port = settings.server.host, settings.server.port
    if settings.auth.mode == "trust" and host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigurationError(
            f"auth.mode = trust believes everybody, so it listens on loopback alone, not on {host}",
            advice="Set auth.mode = verify, or server.host = 127.0.0.1.",
        )
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise CairnError(
            f"cannot listen on {host}:{port}: {error.strerror}", advice="Choose another port with --port."
        ) from error
    listening.listen(BACKLOG)
    listening.set_inheritable(True)
    return listening


def configuration(door: Door, settings: Settings) -> uvicorn.Config:
    """How uvicorn is to serve `door`."""
    return uvicorn.Config(
        door,
        http=AwsHttpProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # the door knows whom to believe; uvicorn would believe everybody on this machine
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        limit_concurrency=CONNECTIONS_MAX,
        ssl_certfile=settings.server.tls_certificate or None,
        ssl_keyfile=settings.server.tls_key or None,
    )


def serve(door: Door, settings: Settings, listening: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT. Requests in progress get ten seconds to end."""
    config = configuration(door, settings)
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listening]))
