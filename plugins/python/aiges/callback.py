"""How the answers of a session leave the wrapper: `callback(response, sid)`.

A wrapper hands `callback` to its session (`session.setup_callback_fn(callback)`) and calls it for each result. Where
the results go depends on who runs the wrapper: the plugin server installs a sink, a local run puts them into a queue.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from aiges.dto import Response

Sink = Callable[..., None]
"""Takes a result and what the wrapper named its session by: sid, tag or handle, or two of them."""

_sink: Sink | None = None


def set_sink(sink: Sink | None) -> None:
    """Decides where results go from now on."""
    global _sink
    _sink = sink


def init_rq() -> queue.Queue[Response | BaseException]:
    """Sends the results of sessions into a new queue and returns it; for trying a wrapper without a daemon."""
    results: queue.Queue[Response | BaseException] = queue.Queue()
    set_sink(lambda response, *_names: results.put(response))
    return results


def callback(response: Response | BaseException, sid: str, *rest: str) -> None:
    """Sends one result of the session `sid`. One whose payload has status DataEnd (or Once) is the session's last;
    what comes after that is dropped. An exception in its place fails the session.

    The older form `callback(response, handle, sid)` works as well. Waits while the client does not keep up. Raises
    RuntimeError when nothing runs that could take the result, and TimeoutError when the client has not gone on reading
    for a minute.
    """
    if _sink is None:
        raise RuntimeError("no session is served here: callback works in a plugin, or after aiges.dto.init_rq()")
    _sink(response, sid, *rest)


callback_impl = callback
