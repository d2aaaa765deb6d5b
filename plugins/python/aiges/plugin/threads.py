"""Where the calls of sessions run: threads that come when there is work, and one event loop for coroutines."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from typing import Any, Callable

from aiges.utils.log import log

IDLE_S = 2.0
"""A thread without work ends after this time."""


class ThreadPool:
    """Runs each task at once, on an idle thread or a new one: a task that blocks holds up no other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        # Threads that wait, less the tasks that were put for them.
        self._idle = 0

    def run(self, task: Callable[[], None]) -> None:
        """Runs `task`, which must not raise."""
        with self._lock:
            if self._idle:
                self._idle -= 1
                self._tasks.put(task)
                return
        threading.Thread(target=self._work, args=(task,), name=self._name, daemon=True).start()

    def _work(self, task: Callable[[], None]) -> None:
        while True:
            task()
            with self._lock:
                self._idle += 1
            try:
                task = self._tasks.get(timeout=IDLE_S)
            except queue.Empty:
                with self._lock:
                    if self._tasks.empty():
                        self._idle -= 1
                        return
                    task = self._tasks.get()


class Mailbox:
    """Has functions called on an event loop, in order, from any thread. They must not raise.

    Waking the loop is a system call, at which the thread gives the GIL away, for milliseconds if the loop is busy. So
    it is done once for all that comes before the loop looks.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._woken = False

    def post(self, function: Callable[[Any], None], argument: Any) -> None:
        """Calls `function(argument)` on the loop; returns at once."""
        # In this order, as the loop looks the other way round: whoever finds it woken is seen by it.
        self._waiting.append((function, argument))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._empty)

    def _empty(self) -> None:
        self._woken = False
        while self._waiting:
            function, argument = self._waiting.popleft()
            function(argument)


_loop_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_mailbox: Mailbox | None = None


def event_loop() -> asyncio.AbstractEventLoop:
    """The loop on which all coroutines of the wrapper run; it starts with the first of them, on a thread of its own."""
    global _loop
    with _loop_lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_run_for_ever, args=(_loop,), name="wrapper-async", daemon=True).start()
        return _loop


def _run_for_ever(loop: asyncio.AbstractEventLoop) -> None:
    """Goes on when a task of the wrapper has stopped the loop: SystemExit and KeyboardInterrupt do that, too."""
    while True:
        try:
            loop.run_forever()
        except BaseException:
            log.exception("a task of the wrapper has stopped the event loop, which goes on")


def mailbox() -> Mailbox:
    """That of the event loop."""
    global _mailbox
    loop = event_loop()
    with _loop_lock:
        if _mailbox is None:
            _mailbox = Mailbox(loop)
        return _mailbox
