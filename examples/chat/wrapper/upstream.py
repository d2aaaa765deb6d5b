"""Hands chats on to a server that speaks OpenAI's chat completions, and its answer back as it comes."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from aiges.chat import ChatChunk, Usage

NUMBERS = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "max_tokens", "seed")
STRUCTURES = ("stop", "response_format")
TEXTS = ("user",)
"""Parameters that are handed on, by what they are in JSON."""


class Upstream:
    def __init__(self, url: str, model: str = "", api_key: str = "", timeout: float = 60) -> None:
        """`url` is the base path, such as `https://example.org/v1`; `model` may be empty if the server has one model
        only; `timeout`, in seconds, is how long it may be silent. Raises ValueError for what is no URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"upstream: found {url!r}, allowed: a URL such as http://127.0.0.1:8000/v1")
        self._connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._model, self._timeout = model, timeout
        self._headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"

    @classmethod
    def configured(cls, config: dict[str, str]) -> Upstream:
        """From the daemon's section `[wrapper]`."""
        timeout = float(config.get("timeout", 60))
        return cls(config["upstream"], config.get("model", ""), config.get("apiKey", ""), timeout)

    def answer(self, messages: list[dict[str, Any]], params: dict[str, str]) -> Iterator[ChatChunk]:
        """Raises RuntimeError with what the server says when it fails; leaving the iterator ends the request there."""
        body = {
            **_parameters(params),
            "model": self._model or self._only_model(),
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        with closing(self._request("POST", "/chat/completions", json.dumps(body))) as response:
            for event in _events(response):
                if "error" in event:
                    raise RuntimeError(f"the upstream failed: {_error_text(event)}")
                chunk = _chunk(event)
                if chunk is not None:
                    yield chunk

    def _only_model(self) -> str:
        with closing(self._request("GET", "/models")) as response:
            models = [model["id"] for model in json.load(response)["data"]]
        if len(models) != 1:
            raise RuntimeError(f"[wrapper] model must say which model of the upstream answers: {', '.join(models)}")
        self._model = models[0]
        return self._model

    def _request(self, method: str, path: str, body: str | None = None) -> http.client.HTTPResponse:
        connection = self._connect(self._host, self._port, timeout=self._timeout)
        try:
            connection.request(method, self._base + path, body, {**self._headers, "Connection": "close"})
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise RuntimeError(f"the upstream answers {response.status}: {_error_text(_json(response.read()))}")
        except OSError as error:
            connection.close()
            raise RuntimeError(f"no answer from the upstream {self._host}: {error}") from error
        except BaseException:
            connection.close()
            raise
        # The response alone holds the connection now, because it is closed after it.
        return response


def _parameters(params: dict[str, str]) -> dict[str, Any]:
    parsed = {name: json.loads(params[name]) for name in (*NUMBERS, *STRUCTURES) if name in params}
    return {**parsed, **{name: params[name] for name in TEXTS if name in params}}


def _events(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """The events of a stream; a server that ends before it says so was cut off."""
    for line in response:
        name, _, value = line.decode().partition(":")
        if name != "data":
            continue
        if value.strip() == "[DONE]":
            return
        event = _json(value)
        yield event
        if "error" in event:
            return
    raise RuntimeError("the upstream ended in the middle of its answer")


def _chunk(event: dict[str, Any]) -> ChatChunk | None:
    """None for an event that says nothing."""
    usage = event.get("usage")
    choice = (event.get("choices") or [{}])[0]
    chunk = ChatChunk(
        (choice.get("delta") or {}).get("content") or "",
        choice.get("finish_reason"),
        Usage(usage["prompt_tokens"], usage["completion_tokens"]) if usage else None,
    )
    return chunk if any(chunk) else None


def _json(text: str | bytes) -> dict[str, Any]:
    """What is no JSON object is taken for the text of an error."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    return {"error": {"message": text if isinstance(text, str) else text.decode(errors="replace")}}


def _error_text(body: dict[str, Any]) -> str:
    error = body.get("error", body)
    return str(error.get("message", error) if isinstance(error, dict) else error)
