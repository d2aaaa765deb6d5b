"""Tests of the wrapper alone, without a daemon.

PYTHONPATH=../../plugins/python python -m unittest -v        # in this folder
"""

import json
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent
sys.path.insert(0, str(EXAMPLE / "wrapper"))

from aiges.chat import ChatChunk  # noqa: E402

import wrapper as module  # noqa: E402
from tokens import tokenize  # noqa: E402

HELLO = [{"role": "user", "content": "What do you think of Mr. Darcy?"}]


def text_of(chunks) -> str:
    return "".join(chunk.text for chunk in chunks)


def configured(**config: str) -> module.Wrapper:
    wrapper = module.Wrapper()
    assert wrapper.wrapperInit(config) == 0
    return wrapper


class TokensTest(unittest.TestCase):
    def test_joined_again_they_are_the_text(self):
        text = 'Oh! "yes"--I don\'t know; Mr. Elton, 1 well-bred (man)?\nNo.'
        self.assertEqual("".join(tokenize(text)), text)


class OwnModelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.wrapper = configured()

    def answer(self, messages=HELLO, **params) -> list:
        return list(self.wrapper.wrapperChat(messages, params))

    def test_answers_in_words_of_the_novels_token_by_token(self):
        chunks = self.answer(seed="1")
        text = text_of(chunks)
        self.assertGreater(len(chunks), 3)
        self.assertRegex(text, r"^[\"A-Z].*[.!?]")
        known = self.wrapper.speaker._model.encode(text)
        self.assertEqual(len(known), len(tokenize(text)))

    def test_ends_with_why_and_with_what_was_used(self):
        *tokens, last = self.answer(seed="1")
        self.assertEqual(last.finish_reason, "stop")
        asked = len(tokenize(HELLO[0]["content"]))
        self.assertEqual(last.usage, (asked, len(tokens)))
        self.assertEqual(tokens[1].usage, (asked, 2))

    def test_stops_at_the_limit(self):
        *tokens, last = self.answer(seed="1", max_tokens="2")
        self.assertEqual(len(tokens), 2)
        self.assertEqual(last.finish_reason, "length")

    def test_says_the_same_with_the_same_seed_and_something_else_with_others(self):
        self.assertEqual(self.answer(seed="7"), self.answer(seed="7"))
        self.assertGreater(len({text_of(self.answer(seed=str(seed))) for seed in range(10)}), 5)

    def test_without_temperature_or_choice_it_always_says_the_likeliest(self):
        for params in ({"temperature": "0"}, {"top_p": "0"}):
            answers = {text_of(self.answer(seed=str(seed), max_tokens="20", **params)) for seed in range(3)}
            self.assertEqual(len(answers), 1)

    def test_the_question_counts(self):
        answers = {
            text_of(self.answer([{"role": "user", "content": question}], temperature="0", max_tokens="20"))
            for question in ("Are you happy?", "Good night!", "Where is Jane?", "Thank you.")
        }
        self.assertGreater(len(answers), 1)

    def test_takes_words_that_it_does_not_know_and_messages_without_text(self):
        self.assertTrue(text_of(self.answer([{"role": "user", "content": "Qwertz 你好 %$#"}])))
        self.assertTrue(text_of(self.answer([{"role": "assistant", "content": None}])))

    def test_probabilities_are_a_distribution(self):
        model = self.wrapper.speaker._model
        for context in ([], [0], model.encode("\nI do not"), model.encode("so very unlikely together Bath")):
            odds = model.probabilities(context)
            self.assertAlmostEqual(odds.sum(), 1, places=6)
            self.assertGreater(odds.min(), 0)


class Upstream(BaseHTTPRequestHandler):
    """Answers with the events that the test has set, and remembers what it was asked."""

    events = []
    status = 200
    asked = []

    def do_GET(self):
        self.reply(b'{"data": [{"id": "only"}]}', "application/json")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Upstream.asked.append((self.path, self.headers.get("Authorization"), body))
        events = "".join(f": ping\n\ndata: {event}\n\n" for event in Upstream.events)
        self.reply(events.encode(), "text/event-stream")

    def reply(self, body, kind):
        self.send_response(Upstream.status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


def delta(text, reason=None):
    return json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": reason}]})


class UpstreamTest(unittest.TestCase):
    def setUp(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        Upstream.status, Upstream.asked = 200, []
        self.url = f"http://127.0.0.1:{server.server_port}/base/v1"

    def answer(self, events, params=None, **config):
        Upstream.events = events
        return list(configured(upstream=self.url, **config).wrapperChat(HELLO, params or {}))

    def test_hands_the_conversation_on_and_the_answer_back(self):
        usage = json.dumps({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
        events = [delta("Hel"), delta("lo"), delta(None, "length"), usage, "[DONE]"]
        params = {"temperature": "0.5", "max_tokens": "9", "stop": '["x"]', "user": "7", "sid": "s"}
        chunks = self.answer(events, params, model="m", apiKey="secret")
        self.assertEqual(text_of(chunks), "Hello")
        self.assertEqual([chunk.finish_reason for chunk in chunks if chunk.finish_reason], ["length"])
        self.assertEqual(chunks[-1], ChatChunk(usage=(3, 2)))
        [(path, authorization, body)] = Upstream.asked
        self.assertEqual((path, authorization), ("/base/v1/chat/completions", "Bearer secret"))
        self.assertEqual(
            body,
            {
                "model": "m",
                "messages": HELLO,
                "temperature": 0.5,
                "max_tokens": 9,
                "stop": ["x"],
                "user": "7",
                "stream": True,
                "stream_options": {"include_usage": True},
            },
        )

    def test_finds_the_only_model(self):
        self.answer(["[DONE]"])
        self.assertEqual(Upstream.asked[0][2]["model"], "only")

    def test_fails_with_the_text_of_the_upstream(self):
        for events in (['{"error": {"message": "broken"}}'], [delta("x"), '{"error": {"message": "broken"}}']):
            with self.assertRaisesRegex(RuntimeError, "broken"):
                self.answer(events, model="m")
        Upstream.status = 503
        with self.assertRaisesRegex(RuntimeError, "503"):
            self.answer([], model="m")

    def test_fails_when_the_answer_is_cut_off_and_when_nobody_is_there(self):
        with self.assertRaisesRegex(RuntimeError, "in the middle"):
            self.answer([delta("x")], model="m")
        self.url = "http://127.0.0.1:9/v1"
        with self.assertRaisesRegex(RuntimeError, "no answer from the upstream"):
            self.answer([], model="m")

    def test_refuses_what_is_no_url(self):
        for url in ("localhost", "ftp://x/v1", "http://"):
            self.assertEqual(module.Wrapper().wrapperInit({"upstream": url}), module.WRONG_UPSTREAM)


if __name__ == "__main__":
    unittest.main()
