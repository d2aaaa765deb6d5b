"""How the plugin process ends: by the host's Shutdown, by SIGTERM, or because the host is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
import threading
from collections.abc import Mapping
from typing import Any, Callable

from aiges.loader import LoadedWrapper, load_wrapper
from aiges.utils.log import log

SIGTERM_GRACE_S = 5.0
"""How long running calls may take to finish after SIGTERM."""

FINI_LIMIT_S = 2.0
"""How long wrapperFini may take, at least, before the process ends without it."""


def start_wrapper(lifecycle: Lifecycle, config: Mapping[str, str]) -> LoadedWrapper:
    """Loads the wrapper and calls wrapperInit. Raises WrapperFailure."""
    try:
        lifecycle.wrapper = wrapper = load_wrapper()
        wrapper.init(config)
        return wrapper
    finally:
        keep_standard_descriptors()


class Lifecycle:
    """Ends the process in order: take nothing new, let what runs finish, call wrapperFini once, exit.

    Any thread may call `request_exit`; the main thread waits in `wait` and then ends the process.
    """

    def __init__(self) -> None:
        self.wrapper: LoadedWrapper | None = None
        self.drain: Callable[[float], None] = lambda grace_s: None
        self._finish_lock = threading.Lock()
        self._grace_s = 0.0
        self._finished = False
        self._requested = False
        # A pipe, because a signal handler may not take locks.
        self._read_end, self.wake_fd = os.pipe()
        os.set_blocking(self.wake_fd, False)

    def request_exit(self, grace_s: float) -> None:
        """Wakes the main thread; running calls get `grace_s` seconds. Safe in a signal handler."""
        self._grace_s = grace_s
        self._requested = True
        os.write(self.wake_fd, b"x")

    def wait(self) -> None:
        """Returns when the process shall end, after the wrapper was finished."""
        while not self._requested:
            os.read(self._read_end, 1)
        self.finish(self._grace_s)

    def finish(self, grace_s: float) -> None:
        """Lets running calls finish and calls wrapperFini; a second call waits for the first and does nothing."""
        with self._finish_lock:
            if self._finished:
                return
            self._finished = True
            self.drain(grace_s)
            if self.wrapper is not None:
                fini = threading.Thread(target=self.wrapper.fini, name="wrapperFini", daemon=True)
                fini.start()
                fini.join(max(FINI_LIMIT_S, grace_s))
                if fini.is_alive():
                    log.error("wrapperFini did not return in time; the process ends without it")


def install_signal_handlers(lifecycle: Lifecycle) -> None:
    """SIGTERM ends the process in order. SIGINT is for the host: a terminal sends it to the whole process group."""

    def on_sigterm(_signal: int, _frame: Any) -> None:
        lifecycle.request_exit(SIGTERM_GRACE_S)

    signal.signal(signal.SIGTERM, on_sigterm)
    signal.signal(signal.SIGINT, lambda _signal, _frame: None)
    # The system may hand a signal to any thread, but Python runs its handler on the main one, which has to wake for it.
    signal.set_wakeup_fd(lifecycle.wake_fd)


def keep_standard_descriptors() -> None:
    """Opens 0, 1 and 2 again where a wrapper has closed them: else the next socket would get what is printed."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            log.warning("the wrapper has closed descriptor %d", descriptor)
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)


def watch_parent(lifecycle: Lifecycle) -> None:
    """Ends the process when its stdin, a pipe that the host keeps open and never writes to, comes to its end.

    Does nothing when stdin is no pipe. The wrapper and its children get an empty stdin instead.
    """
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return
    stdin = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)

    def watch() -> None:
        try:
            while os.read(stdin, 4096):
                pass
        except OSError as error:
            log.warning("stdin failed: %s", error)
        log.warning("the host is gone; the plugin ends")
        lifecycle.request_exit(0.0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def end_process(code: int) -> None:
    """Ends at once: threads that the wrapper left behind cannot hold it up."""
    for stream in (sys.stdout, sys.stderr):
        # Whoever read it may be gone, and the wrapper may have put anything in its place.
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)
