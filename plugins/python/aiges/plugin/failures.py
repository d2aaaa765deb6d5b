"""What is said of a call that failed: in the log, and to the host."""

from __future__ import annotations

from aiges.errors import InvalidInput
from aiges.loader import describe_exception
from aiges.utils.log import log


def describe_failure(title: str, sid: str, error: BaseException) -> tuple[str, bool]:
    """Logs a failure; returns its text, and whether it is the client's fault."""
    if isinstance(error, InvalidInput):
        log.info("%s takes no such request (sid %s): %s", title, sid, error)
        return str(error), True
    log.error("%s failed (sid %s)", title, sid, exc_info=error)
    return describe_exception(error), False
