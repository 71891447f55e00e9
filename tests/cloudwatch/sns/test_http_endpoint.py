"""Servers that mean no good."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from cairn.cloudwatch.sns.endpoints import EndpointError
from cairn.cloudwatch.sns.http_endpoint import HttpEndpoints


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that says "100 Continue" again and again, and never what became of the request."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            try:
                while not over.wait(0.05):
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            except OSError:
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    over.set()
    thread.join()
    listening.close()


def test_a_server_that_goes_on_answering_is_hung_up_on(dripping: str) -> None:
    with pytest.raises(EndpointError, match="no answer"):
        HttpEndpoints(allow_private=True, whole_s=0.5).post(dripping, b"{}", {})
