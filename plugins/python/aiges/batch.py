"""Requests that a wrapper answers together, in `wrapperBatchExec`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiges.answers import InvalidAnswer, check_answer
from aiges.context import RequestContext
from aiges.dto import DataListCls, Response
from aiges.fields import PayloadField


class BatchRequest:
    """One of them: `params` and `reqData` as wrapperOnceExec gets them, and its `context` with `sid`, `deadline` and
    `cancelled`."""

    __slots__ = ("context", "params", "reqData")

    def __init__(self, params: dict[str, str], reqData: DataListCls, context: RequestContext) -> None:
        self.params = params
        self.reqData = reqData
        self.context = context


def check_batch(answers: Any, count: int) -> Sequence[Any]:
    """Raises InvalidAnswer when wrapperBatchExec did not return an answer for each of `count` requests."""
    if not isinstance(answers, (list, tuple)):
        raise InvalidAnswer(f"wrapperBatchExec must return a list, not {type(answers).__name__}")
    if len(answers) != count:
        raise InvalidAnswer(f"wrapperBatchExec got {count} requests and returned {len(answers)} answers")
    return answers


def batch_answer(answer: Any, outputs: Sequence[PayloadField]) -> Response:
    """The answer of one request of a batch. Raises what the wrapper put in its place, or what `check_answer` does."""
    if isinstance(answer, BaseException):
        raise answer
    return check_answer(answer, "wrapperBatchExec", outputs)
