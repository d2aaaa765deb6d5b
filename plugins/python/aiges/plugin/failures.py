"""What is said of a call that failed: in the log, and to the host."""

from __future__ import annotations

from aiges.errors import InvalidInput
from aiges.loader import describe_exception
from aiges.utils.log import log


def describe_failure(title: str, sid: str, error: BaseException) -> tuple[str, bool]:
    """Logs a failure; returns what `failure_text` does."""
    text, invalid_input = failure_text(error)
    if invalid_input:
        log.info("%s takes no such request (sid %s): %s", title, sid, text)
    else:
        log.error("%s failed (sid %s)", title, sid, exc_info=error)
    return text, invalid_input


def failure_text(error: BaseException) -> tuple[str, bool]:
    """What the host is told, and whether it is the client's fault."""
    return (str(error), True) if isinstance(error, InvalidInput) else (describe_exception(error), False)
