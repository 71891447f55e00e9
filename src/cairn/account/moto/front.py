"""What every request to the child goes through: the secret, moto's turn, the commit, the reply."""

from __future__ import annotations

import hmac
import io
import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from moto.backends import list_of_moto_modules
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from cairn.account.moto.as_named import NAMED
from cairn.account.moto.backends import noting_touched, unnoticed
from cairn.account.moto.commits import CommitFailed, Commits
from cairn.account.moto.gate import Gate
from cairn.account.moto.internal import Internal
from cairn.account.moto.operations import changes_nothing
from cairn.account.moto.wire_names import FAILURE, NOT_FOUND, OPERATION, QUESTION, SCHEME, SECRET

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 128 << 20
REQUESTS_MAX = 256
"""Requests in work or waiting for moto's turn; one more is refused."""

_ELSEWHERE = {
    "s3": "S3 is answered by another engine",
    "s3bucket_path": "S3 is answered by another engine",
    "moto_api": "it is no service of AWS",
    "instance_metadata": "it is no service of AWS",
}

_SHARED_HOSTS = {"ses", "timestreamquery"}
"""Where the host is not enough: SES's two versions share one, and one of moto's classes answers all of Timestream."""

Environ = dict[str, Any]


@dataclass
class Reply:
    """A whole reply."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Refusal(Exception):
    """An answer in AWS's words, which the gateway puts into the protocol's form."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def reply(self) -> Reply:
        body = json.dumps({"__type": self.code, "message": str(self)}).encode()
        return Reply(self.status, [("content-type", "application/json"), (FAILURE, self.code)], body)


class Dispatcher(DomainDispatcherApplication):
    """moto's own, for the gateway's requests, whose Authorization and Host headers name the service."""

    def get_application(self, environ: Environ) -> Any:
        """The Flask application of the service.

        Raises:
            Refusal: moto has no such service, or it is not to be had here.
        """
        backend = self._by_host(environ) or self._by_scope(environ)
        if not backend:
            raise Refusal("InvalidAction", "The embedded account does not have this service.", 501)
        if backend in _ELSEWHERE:
            raise Refusal("AccessDenied", f"{backend} cannot be reached here: {_ELSEWHERE[backend]}.", 403)
        with self.lock:
            app = self.app_instances.get(backend)
            if app is None:
                app = self.app_instances[backend] = self.create_app(backend)
        return app

    @cache  # noqa: B019 - one dispatcher a process, and few hosts: service and region
    def get_backend_for_host(self, host: str | None) -> str | None:
        """moto's name for who answers at a host, such as `ec2.eu-west-1.amazonaws.com`."""
        if host in list_of_moto_modules():
            return host
        return next((name for name, pattern in self.backend_url_patterns if pattern.match(f"http://{host}")), None)

    def _by_host(self, environ: Environ) -> str | None:
        """Tells apart services that sign under one name."""
        host = environ.get("HTTP_HOST", "")
        found = self.get_backend_for_host(host) if host.endswith(".amazonaws.com") else None
        return None if found in _SHARED_HOSTS else found

    def _by_scope(self, environ: Environ) -> str | None:
        host = self.infer_service_region_host(environ, environ.get("PATH_INFO", ""))
        return self.get_backend_for_host(host) if host else None


class Front:
    """Answers requests. `respond` may be called by many threads."""

    def __init__(self, secret: str, gate: Gate, commits: Commits, internal: Internal) -> None:
        self._secret = secret.encode()
        self._gate = gate
        self._commits = commits
        self._internal = internal
        self._moto = Dispatcher(unnoticed(create_backend_app))
        self._room = threading.Semaphore(REQUESTS_MAX)

    def respond(self, environ: Environ) -> Reply:
        """The reply to a request whose body is in `wsgi.input`, once everything it changed is durable."""
        if not hmac.compare_digest(environ.pop(_key(SECRET), "").encode("latin-1"), self._secret):
            return Refusal("AccessDenied", "This server answers Cairn alone.", 403).reply()
        if not self._room.acquire(blocking=False):
            return Refusal("ServiceUnavailable", "The embedded account has too many requests to answer.", 503).reply()
        try:
            return self._answer(environ)
        except Refusal as refusal:
            return refusal.reply()
        except CommitFailed as error:
            return Refusal("ServiceUnavailable", f"The change could not be saved: {error}", 503).reply()
        except UnicodeDecodeError:
            return Refusal("SerializationException", "The request is not UTF-8.", 400).reply()
        except NotImplementedError as error:
            return Refusal("NotImplemented", str(error) or "The embedded account cannot do this.", 501).reply()
        except Exception as error:
            log.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return Refusal("InternalFailure", f"The embedded account failed: {type(error).__name__}", 500).reply()
        finally:
            self._room.release()

    def _answer(self, environ: Environ) -> Reply:
        _read_body(environ)
        environ["wsgi.url_scheme"] = environ.pop(_key(SCHEME), "http")
        question, operation = environ.pop(_key(QUESTION), ""), _operation(environ)
        with noting_touched() as touched:
            if question:
                changes, reply = self._internally(question, environ)
            else:
                changes, reply = not changes_nothing(operation), self._by_moto(environ)
        self._commits.note(touched.values())
        if changes:
            self._commits.wait(self._commits.ask(touched.values()))
        return reply

    def _internally(self, verb: str, environ: Environ) -> tuple[bool, Reply]:
        try:
            arguments = json.loads(environ["wsgi.input"].read() or b"{}")
            with self._gate:
                changes, answer = self._internal.answer(verb, arguments)
        except LookupError as error:
            raise Refusal(NOT_FOUND, str(error), 404) from error
        except (ValueError, TypeError) as error:
            raise Refusal("ValidationError", f"{verb}: {error}", 400) from error
        return changes, Reply(200, [("content-type", "application/json")], json.dumps(answer).encode())

    def _by_moto(self, environ: Environ) -> Reply:
        application: Callable[..., Iterable[bytes]] = self._moto.get_application(environ)
        with self._gate:
            parts, status, headers = run_wsgi_app(application, environ, buffered=True)
            body = b"".join(parts)
        if status.startswith(("404", "405")) and headers.get("content-type", "").startswith("text/html"):
            raise Refusal("UnknownOperationException", "The embedded account does not have this operation.", 404)
        return Reply(int(status.split()[0]), list(headers.items()), body)


def _read_body(environ: Environ) -> None:
    """Have the whole body in memory before moto's turn begins."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read(BODY_BYTES_MAX + 1)
    else:
        declared = int(environ.get("CONTENT_LENGTH") or 0)
        body = stream.read(min(declared, BODY_BYTES_MAX + 1))
        if len(body) < min(declared, BODY_BYTES_MAX):
            raise Refusal("IncompleteBody", "The request's body ended too early.", 400)
    if len(body) > BODY_BYTES_MAX:
        raise Refusal("RequestEntityTooLarge", f"The request is larger than {BODY_BYTES_MAX} bytes.", 413)
    if body and environ.get("HTTP_X_AMZ_TARGET"):
        try:
            json.loads(body)
        except ValueError as error:
            raise Refusal("SerializationException", f"The request is not valid JSON: {error}", 400) from error
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)


def _operation(environ: Environ) -> str:
    """The operation as the gateway names it, or as far as the request itself tells."""
    named: str = environ.pop(_key(OPERATION), "")
    if named:
        environ[NAMED] = named
        return named
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    form = environ.get("QUERY_STRING", "")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = environ["wsgi.input"].getvalue().decode("latin-1")
    action: str = dict(parse_qsl(form)).get("Action", "")
    if action:
        return action
    return "Get" if environ["REQUEST_METHOD"] in ("GET", "HEAD") else ""


def _key(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")
