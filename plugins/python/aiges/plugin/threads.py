"""Where the calls of sessions run: threads that come when there is work, and one event loop for coroutines."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Callable

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


_loop_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def event_loop() -> asyncio.AbstractEventLoop:
    """The loop on which all coroutines of the wrapper run; it starts with the first of them, on a thread of its own."""
    global _loop
    with _loop_lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="wrapper-async", daemon=True).start()
        return _loop
