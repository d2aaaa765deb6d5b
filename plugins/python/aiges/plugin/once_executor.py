"""Answers the once requests of plugin protocol 2."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Any

from aiges.errors import USER_EXEC_ERROR
from aiges.loader import LoadedWrapper
from aiges.plugin.failures import describe_failure
from aiges.plugin.job import Job
from aiges.plugin.once_call import await_once, yield_once
from aiges.plugin.result_writer import ResultWriter
from aiges.plugin.results import StreamedResults, cancelled_result, failure, request_data, result


class OnceExecutor:
    """Answers a job: returns the serialized last result, after the others were sent."""

    def __init__(self, wrapper: LoadedWrapper, writer: ResultWriter) -> None:
        self._wrapper = wrapper
        self._writer = writer
        self._plain = wrapper.once

    def __call__(self, job: Job) -> bytes:
        if job.cancelled:
            return cancelled_result(job.id)
        title = "the call"
        try:
            method = job.once.method
            operation = self._plain
            if method or operation is None:
                operation = self._wrapper.operation(method)
            title = operation.title
            wire = job.once.params
            params = {name: wire[name] for name in wire}  # Half the time of dict(wire).
            data = request_data(job.once.payloads)
            if operation.yields:
                results = StreamedResults(job.id, self._writer.put)
                last: bytes = yield_once(self._wrapper, operation, job, params, data, job.sid, results)
                self._writer.flush()
                return last
            if operation.is_coroutine:
                answer = await_once(operation, job, params, data, job.sid)
            else:
                answer = operation.call(params, data, job.sid, 0)
            return response_result(self._wrapper, job, operation.answer(answer))
        except BaseException as error:
            # SystemExit too: a wrapper that calls sys.exit() fails its request, it does not end the service.
            return failed_result(job, title, error)


def response_result(wrapper: LoadedWrapper, job: Job, response: Any) -> bytes:
    """The result for a response that was checked."""
    code = response.error_code
    if code:
        return failure(job.id, code, wrapper.error_text(code))
    return result(job.id, response.list, usage=getattr(response, "usage", None))


def failed_result(job: Job, title: str, error: BaseException) -> bytes:
    """The result of a request whose call raised."""
    if job.cancelled and isinstance(error, CancelledError):
        return failure(job.id, USER_EXEC_ERROR, "cancelled")
    return failure(job.id, USER_EXEC_ERROR, *describe_failure(title, job.sid, error))
