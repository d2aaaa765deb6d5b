"""Answers out of the language model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiges.chat import ChatChunk, Usage
from language_model import LanguageModel
from tokens import tokenize

TEMPERATURE = 0.6
TOP_P = 0.95
MAX_TOKENS = 256
"""What a client gets that asks for nothing else."""


class Speaker:
    def __init__(self, path: Path) -> None:
        self._model = LanguageModel(path)

    def answer(self, messages: list[dict[str, Any]], params: dict[str, str]) -> Iterator[ChatChunk]:
        """Goes on after the last message. Stop sequences are the daemon's business."""
        texts = [message.get("content") or "" for message in messages]
        asked = sum(len(tokenize(text)) for text in texts)
        limit = int(params.get("max_tokens", MAX_TOKENS))
        seed = params.get("seed")
        tokens = self._model.answer(
            texts[-1],
            temperature=float(params.get("temperature", TEMPERATURE)),
            top_p=float(params.get("top_p", TOP_P)),
            seed=None if seed is None else abs(int(seed)),
        )
        reason = "stop"
        given = 0
        for token in tokens:
            if given == limit:
                reason = "length"
                break
            given += 1
            # The daemon may end the answer at any token, and then knows what it took so far.
            yield ChatChunk(token, usage=Usage(asked, given))
        yield ChatChunk(finish_reason=reason, usage=Usage(asked, given))
