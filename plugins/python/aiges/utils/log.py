"""Logging for wrappers: everything goes to stderr, where the daemon collects it; no file is ever written.

A line is `LEVEL name:function:line message`; its first word is one of DEBUG INFO WARNING ERROR CRITICAL. While the
thread works on a request, `[sid=…]` stands behind the level, and the daemon puts the line to that request. Every
further line of the same record (a traceback, for example) begins in the same way, so that each can be read alone.
"""

import contextlib
import logging
import os
import sys
from typing import Any

from aiges.context import current_or_none

fmt = "%(name)s:%(funcName)s:%(lineno)d %(message)s"
level = logging.DEBUG


class LevelPrefixFormatter(logging.Formatter):
    """Puts the level in front of every line of a record."""

    def format(self, record: logging.LogRecord) -> str:
        request = current_or_none()
        prefix = f"{record.levelname} [sid={request.sid}]" if request is not None else record.levelname
        return "\n".join(f"{prefix} {line}" for line in super().format(record).split("\n"))


class StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what `sys.stderr` is at that moment."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(LevelPrefixFormatter(fmt))

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        # A wrapper may have closed sys.stderr, or put anything in its place. Logging never fails a request.
        with contextlib.suppress(Exception):
            os.write(2, f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))


class WrapperLogger(logging.Logger):
    """A logger that keeps `warn`, which many wrappers call and newer Pythons deprecate."""

    def warn(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stacklevel", 2)
        self.warning(msg, *args, **kwargs)


_loggers: dict[str, WrapperLogger] = {}


def getLogger(fmt: str = fmt, level: int = level, name: str = "wrapper") -> WrapperLogger:
    """The logger `name`, at `level`. `fmt` is accepted for old wrappers and not used: the daemon reads the level from
    each line, so all lines have one form."""
    logger = _loggers.get(name)
    if logger is None:
        logger = _loggers[name] = WrapperLogger(name)
        logger.addHandler(StderrHandler())
    logger.setLevel(level)
    return logger


def getFileLogger(fmt: str = fmt, level: int = level, name: str = "wrapper") -> WrapperLogger:
    """The same as `getLogger`. Older SDKs wrote a file here; now the daemon's log keeps these lines."""
    return getLogger(fmt, level, name)


def capture_standard_logging() -> None:
    """Gives the standard library's root logger the same form, at INFO, so that libraries are readable in the log."""
    logging.basicConfig(level=logging.INFO, handlers=[StderrHandler()], force=True)


log = getLogger()
