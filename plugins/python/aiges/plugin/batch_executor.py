"""Answers once requests of plugin protocol 2 several at a time, with `wrapperBatchExec`."""

from __future__ import annotations

from aiges.batch import BatchRequest, batch_answer, check_batch
from aiges.loader import LoadedWrapper
from aiges.operation import bind_inputs, tensor_signature
from aiges.plugin.job import Job
from aiges.plugin.once_executor import failed_result, response_result
from aiges.plugin.results import cancelled_result, request_data

DEFAULT_SIZE = 32
"""Most requests of a batch, where the host does not say it."""

_TITLE = "wrapperBatchExec"


class BatchExecutor:
    """Answers jobs together, at most `size` of them, each of which may have waited `delay_s` seconds for the others."""

    def __init__(self, wrapper: LoadedWrapper, size: int, delay_s: float) -> None:
        self.size = size or DEFAULT_SIZE
        self.delay_s = delay_s
        self._wrapper = wrapper
        self._declared = [] if wrapper.once is None else tensor_signature(wrapper.once.inputs)

    def takes(self, job: Job) -> bool:
        """Whether a job may be among others: a call of a method has to stay alone."""
        return not job.once.method

    def __call__(self, jobs: list[Job]) -> list[bytes]:
        """The serialized result of each job, in order. Never raises."""
        results: dict[int, bytes] = {}
        requests: list[tuple[Job, BatchRequest]] = []
        for job in jobs:
            try:
                if job.cancelled:
                    results[job.id] = cancelled_result(job.id)
                else:
                    requests.append((job, self._request(job)))
            except BaseException as error:
                results[job.id] = failed_result(job, _TITLE, error)
        if requests:
            results.update(self._answers(requests))
        return [results[job.id] for job in jobs]

    def _request(self, job: Job) -> BatchRequest:
        data = request_data(job.once.payloads)
        bind_inputs(self._declared, data, _TITLE)
        return BatchRequest(dict(job.once.params), data, job)

    def _answers(self, requests: list[tuple[Job, BatchRequest]]) -> dict[int, bytes]:
        try:
            answers = check_batch(self._wrapper.batch([request for _, request in requests]), len(requests))
        except BaseException as error:
            # SystemExit too: a wrapper that calls sys.exit() fails its requests, it does not end the service.
            return {job.id: failed_result(job, _TITLE, error) for job, _ in requests}
        return {job.id: self._answer(job, answer) for (job, _), answer in zip(requests, answers)}

    def _answer(self, job: Job, answer: object) -> bytes:
        try:
            return response_result(self._wrapper, job, batch_answer(answer, self._wrapper.outputs))
        except BaseException as error:
            return failed_result(job, _TITLE, error)
