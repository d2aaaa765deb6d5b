"""Says back what it was told, word by word, and counts words.

Told `parameters` or `messages`, it says what it got, in JSON. Prints "left" when it was left in the middle.
"""
import json
import os

from aiges.chat import ChatChunk, Usage
from aiges.sdk import WrapperBase


class Wrapper(WrapperBase):
    serviceId = "parrot"
    version = "1"

    def wrapperInit(self, config):
        return 0

    def wrapperChat(self, messages, params):
        said = messages[-1]["content"]
        text = {"parameters": json.dumps(params, sort_keys=True), "messages": json.dumps(messages)}.get(said, said)
        words = text.split(" ")
        try:
            for number, word in enumerate(words):
                yield word if number == 0 else " " + word
                while word == "endless":
                    yield "."
                if word == "broken":
                    raise RuntimeError("out of words")
        except GeneratorExit:
            os.write(1, b"left\n")
            raise
        reason = "length" if params.get("max_tokens") == str(len(words)) else "stop"
        yield ChatChunk("", reason, Usage(sum(len(message["content"].split()) for message in messages), len(words)))
