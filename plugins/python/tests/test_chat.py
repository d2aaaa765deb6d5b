"""wrapperChat, the method `chat` on the wire."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tests.stream_client import StreamClient, statuses, texts
from tests.support import HEADER, SDK, TIMEOUT_S, cancel, plugin
from tests.test_tensors import request

CHAT = """
class Wrapper(WrapperBase):
    serviceId = "svc"
    def wrapperInit(self, config):
        return 0
"""

WHOLE = """
    def wrapperChat(self, messages, params):
        how = messages[-1]["content"]
        if how == "chunk":
            return ChatChunk("cut", "length", Usage(7, 2))
        if how == "nothing":
            return None
        if how == "fail":
            return Response().response_err(77)
        return f"{how} {len(messages)} {params.get('temperature')}"
"""

PIECES = """
    def wrapperChat(self, messages, params):
        how = messages[-1]["content"]
        try:
            if how == "fail":
                yield Response().response_err(77)
            yield "one"
            if how == "raise":
                raise ValueError("no more")
            if how == "endless":
                while True:
                    yield "more"
            yield ChatChunk(" two", "length")
            yield Usage(5, 2)
        finally:
            if how == "endless":
                print("closed", flush=True)
"""


def chat(id, *contents, method="chat", **params):
    messages = [{"role": "user", "content": content} for content in contents]
    message = request(id, {"key": "messages", "data": json.dumps(messages).encode()}, method=method)
    message["once"]["params"] = params
    return message


def asynchronous(body):
    return body.replace("def wrapperChat", "async def wrapperChat")


def usage(result):
    return (result.usage.input, result.usage.output) if result.HasField("usage") else None


class ChatTest(unittest.TestCase):
    def test_a_text_is_the_whole_answer(self):
        for body in (WHOLE, asynchronous(WHOLE)):
            with plugin(CHAT + body) as running, StreamClient(running) as client:
                abilities = client.init.capabilities
                self.assertEqual((abilities.chat, abilities.once, abilities.streaming_output), (True, False, False))
                self.assertEqual(list(abilities.methods), [])
                client.send(chat(1, "a", "b", temperature="0.5"))
                (result,) = client.all_results(1)
                (payload,) = result.payloads
                self.assertEqual((payload.key, payload.type, payload.data), ("content", 0, b"b 2 0.5"))
                self.assertEqual((dict(payload.attributes), usage(result)), ({"finish_reason": "stop"}, None))

    def test_a_chunk_says_why_it_ends_and_what_it_took(self):
        with plugin(CHAT + WHOLE) as running, StreamClient(running) as client:
            client.send(chat(1, "chunk"))
            (result,) = client.all_results(1)
            self.assertEqual(dict(result.payloads[0].attributes), {"finish_reason": "length"})
            self.assertEqual(usage(result), (7, 2))

    def test_each_piece_is_a_result_and_the_last_one_says_why_the_text_ends(self):
        for body in (PIECES, asynchronous(PIECES)):
            with plugin(CHAT + body) as running, StreamClient(running) as client:
                self.assertTrue(client.init.capabilities.streaming_output)
                client.send(chat(1, "go"))
                results = client.all_results(1)
                self.assertEqual((texts(results), statuses(results)), (["one", " two", ""], [0, 1, 2]))
                reasons = [dict(result.payloads[0].attributes) for result in results]
                self.assertEqual(reasons, [{}, {}, {"finish_reason": "length"}])
                self.assertEqual([usage(result) for result in results], [None, None, (5, 2)])

    def test_what_fails_is_told(self):
        with plugin(CHAT + PIECES) as running, StreamClient(running) as client:
            client.send(chat(1, "raise"))
            self.assertEqual(client.all_results(1)[-1].message, "ValueError: no more")
        for body in (PIECES, asynchronous(PIECES), WHOLE, asynchronous(WHOLE)):
            with self.subTest(body), plugin(CHAT + body) as running, StreamClient(running) as client:
                client.send(chat(1, "fail"))
                (result,) = client.all_results(1)
                self.assertEqual(result.code, 77)
        cases = [
            (chat(1, "nothing"), "InvalidAnswer: wrapperChat must give text, a ChatChunk or a Usage, not NoneType"),
            (request(2, method="chat"), "a chat takes the payload 'messages'"),
            (
                request(3, {"key": "messages", "data": b"{"}, method="chat"),
                "the payload 'messages' is not JSON",
            ),
            (
                request(4, {"key": "messages", "data": b"{}"}, method="chat"),
                "the payload 'messages' must be a",
            ),
            (
                chat(5, "x", method=""),
                "LookupError: the wrapper has no plain call (wrapperOnceExec); its methods are: chat",
            ),
        ]
        with plugin(CHAT + WHOLE) as running, StreamClient(running) as client:
            for message, text in cases:
                with self.subTest(text):
                    client.send(message)
                    (result,) = client.all_results(message["id"])
                    self.assertEqual((result.code, result.message[: len(text)]), (30003, text))

    def test_a_chat_that_is_given_up_closes_the_generator(self):
        for body in (PIECES, asynchronous(PIECES)):
            with plugin(CHAT + body) as running, StreamClient(running) as client:
                client.send(chat(1, "endless"))
                client.results(1, 3)
                client.send(cancel(1))
                self.assertEqual(client.all_results(1)[-1].message, "cancelled")
                self.assertIn("closed", running.stderr())


class LocalChatTest(unittest.TestCase):
    def test_a_wrapper_that_only_chats_and_has_methods_is_tried_out(self):
        methods = """
    @method(inputs=[TensorField("x", "INT32", [-1], value=[1, 2])], outputs=[TensorField("y", "INT32", [-1])])
    def double(self, x):
        return x * 2
"""
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "wrapper.py").write_text(HEADER + CHAT + PIECES + methods)
            done = subprocess.run(
                [sys.executable, "-m", "aiges", "run"],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(SDK)},
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
            )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?s)content: text.*one.* two.*y: INT32 \[2\], once, 8 bytes.*OK")


if __name__ == "__main__":
    unittest.main()
