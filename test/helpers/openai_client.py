"""Drives the published `openai` client, unmodified: one call for each line of JSON on stdin, what came of it on stdout.

A line: {"client": "sync" or "async", "call": "chat", "models" or "model", "arguments": {…}, "leave_after": 1}.
With `stream` among the arguments the answer is the list of chunks; `leave_after` closes the stream after so many.
"""

import asyncio
import json
import sys

import openai


def describe(error):
    fields = ("message", "type", "param", "code", "status_code", "request_id")
    found = {name: getattr(error, name, None) for name in fields}
    return {"error": {"class": type(error).__name__, **found}}


def leaves(chunks, order):
    return len(chunks) == order.get("leave_after")


def target(client, order):
    return {
        "chat": client.chat.completions.create,
        "models": client.models.list,
        "model": client.models.retrieve,
    }[order["call"]]


def call(client, order):
    result = target(client, order)(**order["arguments"])
    if not order["arguments"].get("stream"):
        return result.model_dump()
    chunks = []
    with result as stream:
        for chunk in stream:
            chunks.append(chunk.model_dump())
            if leaves(chunks, order):
                break
    return chunks


async def call_async(client, order):
    result = await target(client, order)(**order["arguments"])
    if not order["arguments"].get("stream"):
        return result.model_dump()
    chunks = []
    async with result as stream:
        async for chunk in stream:
            chunks.append(chunk.model_dump())
            if leaves(chunks, order):
                break
    return chunks


def main():
    options = {"base_url": sys.argv[1], "api_key": "none", "max_retries": 0}
    loop = asyncio.new_event_loop()
    clients = {"sync": openai.OpenAI(**options), "async": openai.AsyncOpenAI(**options)}
    for line in sys.stdin:
        order = json.loads(line)
        client = clients[order["client"]]
        try:
            answer = call(client, order) if order["client"] == "sync" else loop.run_until_complete(call_async(client, order))
        except openai.OpenAIError as error:
            answer = describe(error)
        print(json.dumps(answer), flush=True)
    loop.run_until_complete(clients["async"].close())


main()
