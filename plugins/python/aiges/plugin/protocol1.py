"""Plugin protocol 1, `aiges.WrapperService`: what existing AIGES hosts speak.

Results do not come with the reply of a call: they are pushed on `communicate`, matched by tag.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Iterator
from time import monotonic
from typing import Any, NamedTuple

import grpc

from aiges.callback import set_sink
from aiges.context import set_current
from aiges.dto import DataListCls, Response
from aiges.errors import USER_EXEC_ERROR
from aiges.loader import LoadedWrapper, WrapperFailure
from aiges.plugin.call import Call
from aiges.plugin.frame_room import TAKE_TIMEOUT_S, FrameRoom
from aiges.plugin.generator_session import GeneratorSession
from aiges.plugin.lifecycle import Lifecycle, start_wrapper
from aiges.plugin.once_call import await_once, yield_once
from aiges.plugin.protocol1_messages import PushedResults, ResponseMessage, from_wire, to_wire
from aiges.plugin.sessions import DESTROY_TIME_S
from aiges.plugin.threads import ThreadPool
from aiges.utils.log import log
from aiges.wire.messages import message

_types = {
    name: message(f"aiges.{name}")
    for name in (
        "InitRequest",
        "Ret",
        "SvcId",
        "Schema",
        "CreateRequest",
        "Handle",
        "WriteMessage",
        "Request",
        "Response",
        "StreamRequest",
    )
}
_Ret = _types["Ret"]

MAX_REMEMBERED_SESSIONS = 10_000
"""Sessions whose tag is kept; older ones are forgotten first, should a host never destroy them."""


class _Generator(NamedTuple):
    """A session that `wrapperStream` serves, and the room for its frames."""

    session: GeneratorSession
    room: FrameRoom

    def write(self, frame: DataListCls) -> bool:
        """Hands over a frame and waits until the next one may come. False when the wrapper takes none: the session is
        ended then."""
        self.room.put(frame)
        self.session.write(frame)
        if self.room.wait():
            return True
        log.error("wrapperStream has taken no frame for %.0f s; sid %s ends", TAKE_TIMEOUT_S, self.session.call.sid)
        self.cancel()
        return False

    def cancel(self) -> None:
        """Nobody waits for results any more."""
        self.session.cancel()
        self.room.close()


class WrapperService:
    """The service. Each call runs on a thread of the gRPC server; the host limits how many it sends at once."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._wrapper: LoadedWrapper | None = None
        self._results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._idle = threading.Condition()
        self._running = 0
        self._tags: dict[str, str] = {}
        self._calls: dict[str, Call] = {}
        self._pool = ThreadPool("wrapper-session")
        self._generators: dict[str, _Generator] = {}
        lifecycle.drain = self._drain
        set_sink(self._push_session_result)

    def handler(self) -> grpc.GenericRpcHandler:
        """What the gRPC server registers."""
        unary = {
            "wrapperInit": (self._init, "InitRequest", "Ret"),
            "wrapperOnceExec": (self._once, "Request", "Response"),
            "wrapperSchema": (self._schema, "SvcId", "Schema"),
            "wrapperCreate": (self._create, "CreateRequest", "Handle"),
            "wrapperWrite": (self._write, "WriteMessage", "Ret"),
            "wrapperDestroy": (self._destroy, "Handle", "Ret"),
        }
        streams = {
            "testStream": (self._test_stream, "StreamRequest", "Response"),
            "communicate": (self._communicate, "Request", "Response"),
        }
        methods = {}
        for make, table in (
            (grpc.unary_unary_rpc_method_handler, unary),
            (grpc.stream_stream_rpc_method_handler, streams),
        ):
            for name, (behaviour, request, reply) in table.items():
                methods[name] = make(behaviour, _types[request].FromString, _types[reply].SerializeToString)
        return grpc.method_handlers_generic_handler("aiges.WrapperService", methods)

    def _init(self, request: Any, _context: grpc.ServicerContext) -> Any:
        try:
            wrapper = start_wrapper(self._lifecycle, request.config)
        except WrapperFailure as failure:
            log.error("%s", failure)
            return _Ret(ret=failure.code)
        self._wrapper = wrapper
        return _Ret(ret=0)

    def _schema(self, _request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return _types["Schema"](data=self._loaded().schema())
        except Exception as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

    def _once(self, request: Any, _context: grpc.ServicerContext) -> Any:
        with self._idle:
            self._running += 1
        try:
            answer = self._execute(request)
            self._results.put(answer)
            # A failure is in both places: hosts differ in where they look.
            return ResponseMessage(ret=answer.ret)
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _execute(self, request: Any) -> Any:
        params = dict(request.params)
        call = Call(params.get("sid", request.tag))
        set_current(call)
        try:
            wrapper = self._loaded()
            data = from_wire(request.list)
            operation = wrapper.operation("")
            if operation.yields:
                results = PushedResults(request.tag, self._results.put)
                return yield_once(wrapper, operation, call, params, data, request.tag, results)
            if operation.is_coroutine:
                answer = await_once(operation, call, params, data, request.tag)
            else:
                answer = operation.call(params, data, request.tag, 0)
            return to_wire(operation.answer(answer), request.tag)
        except BaseException:
            # SystemExit too: a wrapper that calls sys.exit() fails its request, it does not end the service.
            log.exception("wrapperOnceExec failed (tag %s)", request.tag)
            return ResponseMessage(tag=request.tag, ret=USER_EXEC_ERROR)
        finally:
            set_current(None)

    def _create(self, request: Any, _context: grpc.ServicerContext) -> Any:
        if self._wrapper is not None and self._wrapper.has_stream:
            return _types["Handle"](handle=self._start_generator(self._wrapper, request))
        # Before the call: the wrapper may answer from another thread at once.
        self._remember(request.sid, request.tag)
        call = Call(request.sid)
        set_current(call)
        try:
            created = self._loaded().create(dict(request.params), request.sid, request.tag)
            reply = _types["Handle"](handle=created.handle or "", err_code=created.error_code)
        except BaseException:
            log.exception("wrapperCreate failed (sid %s)", request.sid)
            reply = _types["Handle"](err_code=USER_EXEC_ERROR)
        finally:
            set_current(None)
        if reply.err_code:
            self._tags.pop(request.sid, None)
        else:
            self._calls[reply.handle] = call
        return reply

    def _start_generator(self, wrapper: LoadedWrapper, request: Any) -> str:
        handle = uuid.uuid4().hex
        room = FrameRoom()

        def finish(last: Any) -> None:
            self._results.put(last)
            room.close()
            with self._idle:
                self._generators.pop(handle, None)
                self._idle.notify_all()

        results = PushedResults(request.tag, self._results.put)
        call = Call(request.sid)
        session = GeneratorSession(call, dict(request.params), wrapper, results, self._pool, finish, room)
        with self._idle:
            self._generators[handle] = _Generator(session, room)
        session.start()
        return handle

    def _remember(self, sid: str, tag: str) -> None:
        table: dict[str, Any]
        for table in (self._tags, self._calls):
            while len(table) >= MAX_REMEMBERED_SESSIONS:
                table.pop(next(iter(table)), None)
        self._tags[sid] = tag

    def _write(self, request: Any, _context: grpc.ServicerContext) -> Any:
        frame = from_wire(request.req.list)
        if self._wrapper is not None and self._wrapper.has_stream:
            # A generator that has ended takes no more frames; that is no error.
            generator = self._generators.get(request.handle)
            return _Ret(ret=0 if generator is None or generator.write(frame) else USER_EXEC_ERROR)
        set_current(self._calls.get(request.handle))
        try:
            return _Ret(ret=self._loaded().write(request.handle, frame, request.sid))
        except BaseException:
            log.exception("wrapperWrite failed (sid %s)", request.sid)
            return _Ret(ret=USER_EXEC_ERROR)
        finally:
            set_current(None)

    def _destroy(self, request: Any, _context: grpc.ServicerContext) -> Any:
        if self._wrapper is not None and self._wrapper.has_stream:
            generator = self._generators.get(request.handle)
            if generator is not None:
                generator.cancel()
            return _Ret(ret=0)
        call = self._calls.pop(request.handle, None)
        sid = ""
        if call is not None:
            sid = call.sid
            call.cancel()
        set_current(call)
        try:
            return _Ret(ret=self._loaded().destroy(request.handle, sid))
        except BaseException:
            log.exception("wrapperDestroy failed (handle %s)", request.handle)
            return _Ret(ret=USER_EXEC_ERROR)
        finally:
            set_current(None)
            self._tags.pop(sid, None)

    def _test_stream(self, requests: Any, _context: grpc.ServicerContext) -> Iterator[Any]:
        for _ in requests:
            yield ResponseMessage()

    def _communicate(self, _requests: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        # None wakes the loop, so that a stream that has ended does not swallow a result of the next one.
        if not context.add_callback(lambda: self._results.put(None)):
            return
        while context.is_active():
            result = self._results.get()
            if result is None:
                continue
            if not context.is_active():
                self._results.put(result)
                return
            yield result

    def _push_session_result(self, response: Response | BaseException, *names: str) -> None:
        # The sid comes last; the name before it is the tag, in wrappers that were written for the first SDKs.
        tag = next((self._tags[name] for name in reversed(names) if name in self._tags), names[0])
        if isinstance(response, BaseException):
            self._results.put(ResponseMessage(tag=tag, ret=USER_EXEC_ERROR))
            return
        try:
            self._results.put(to_wire(response, tag))
        except BaseException:
            log.exception("a result of session %s cannot be sent", names[-1])
            self._results.put(ResponseMessage(tag=tag, ret=USER_EXEC_ERROR))

    def _loaded(self) -> LoadedWrapper:
        if self._wrapper is None:
            raise RuntimeError("called before a successful wrapperInit")
        return self._wrapper

    def _drain(self, grace_s: float) -> None:
        end = monotonic() + grace_s
        with self._idle:
            self._idle.wait_for(lambda: not self._running and not self._generators, max(0.0, end - monotonic()))
            generators = list(self._generators.values())
        for generator in generators:
            generator.cancel()
        with self._idle:
            self._idle.wait_for(lambda: not self._generators, DESTROY_TIME_S)
