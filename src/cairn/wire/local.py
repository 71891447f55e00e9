"""A service that Cairn serves itself, as an upstream: from a call to one small function and back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from cairn.core.errors import AwsError
from cairn.wire.http import Call, Response, Upstream
from cairn.wire.models import operation_names
from cairn.wire.operation import Context, Operation
from cairn.wire.parse import parse_input
from cairn.wire.respond import error_response, respond, unidentified
from cairn.wire.validate import USUAL, Validation, validate

THREADS = 8
WAITING_MAX = 256
"""Calls of one service that may wait for a thread; one more is answered with 503."""
BODY_BYTES_MAX = 16 << 20
NOT_IMPLEMENTED = 501
"""Status by which an upstream says that it does not know an operation."""

log = logging.getLogger(__name__)


class LocalService:
    """Answers the calls of one service by functions of ours.

    The functions block, so they run in threads, as does the parsing around them.

    Args:
        otherwise: who answers the operations that are not among `operations`; None: an error says that nobody does.
    """

    def __init__(
        self,
        service: str,
        operations: Mapping[str, Operation],
        *,
        validation: Validation = USUAL,
        otherwise: Upstream | None = None,
        threads: int = THREADS,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        unknown = set(operations) - operation_names(service)
        if unknown:
            raise ValueError(f"{service} has no operation {', '.join(sorted(unknown))}")
        self.service = service
        self._operations = operations
        self._validation = validation
        self._otherwise = otherwise
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"local-{service}")
        self._running_max = threads + waiting_max
        self._running = 0

    async def send(self, call: Call) -> Response:
        """The reply to `call`, whatever happens. Sets `call.params`."""
        if self._otherwise is not None and call.operation and call.operation not in self._operations:
            return await self._sent_on(call, self._otherwise)
        if self._running >= self._running_max:
            return error_response(call, AwsError("ServiceUnavailable", "Too many calls are waiting. Try again.", 503))
        self._running += 1
        try:
            body = call.body if call.body is not None else await _read(call)
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, call, body)
        except AwsError as error:
            return error_response(call, error)
        finally:
            self._running -= 1

    async def _sent_on(self, call: Call, other: Upstream) -> Response:
        """What `other` answers, or a clear error where it cannot do this either."""
        try:
            return await other.send(call)
        except AwsError as error:
            if error.status != NOT_IMPLEMENTED:
                raise
            text = f"Neither Cairn nor the account behind it serves {call.operation} of {self.service}."
            return error_response(call, AwsError("UnsupportedOperation", text))

    def close(self) -> None:
        """Wait for the calls that run."""
        self._threads.shutdown()

    def _answer(self, call: Call, body: bytes) -> Response:
        try:
            return respond(call, self._run(call, body))
        except AwsError as error:
            return error_response(call, error)
        except Exception:
            log.exception("%s.%s failed (trace %s)", self.service, call.operation, call.request_id)
            text = f"The request failed because of an error of ours; its trace is {call.request_id}."
            return error_response(call, AwsError("InternalFailure", text, 500))

    def _run(self, call: Call, body: bytes) -> Mapping[str, object]:
        if not call.operation:
            raise unidentified(call)
        operation = self._operations.get(call.operation)
        if operation is None:
            text = f"Cairn does not serve {call.operation} of {self.service}."
            raise AwsError("UnsupportedOperationException", text)
        if call.params is None:
            call.params = parse_input(self.service, call.operation, call.request, body, host_bucket=call.host_bucket)
        validate(self.service, call.operation, call.params, self._validation)
        context = Context(
            account=call.account,
            region=call.region,
            identity=call.identity,
            request_id=call.request_id,
            source_ip=call.request.client,
        )
        return operation(context, call.params)


async def _read(call: Call) -> bytes:
    parts, size = [], 0
    async for part in call.request.body:
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise AwsError("RequestEntityTooLarge", f"The request is larger than {BODY_BYTES_MAX} bytes.", 413)
        parts.append(part)
    return b"".join(parts)
