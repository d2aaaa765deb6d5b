"""A once request on the stream of plugin protocol 2."""

from __future__ import annotations

from typing import Any

from aiges.plugin.call import Call


class Job(Call):
    """`long` is one that may take its time; `taken` is set when it is about to be answered."""

    __slots__ = ("id", "long", "once", "taken")

    def __init__(self, id: int, once: Any, long: bool) -> None:
        Call.__init__(self, once.sid, once.timeout_ms)
        self.id = id
        self.once = once
        self.long = long
        self.taken = False

    def waited_until(self, delay_s: float) -> float:
        """When it has waited for so long, by `time.monotonic()`."""
        return self._arrived + delay_s
