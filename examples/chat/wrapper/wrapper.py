"""Chat: a conversation in, what is said next out, token by token."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiges.chat import ChatChunk
from aiges.sdk import WrapperBase
from aiges.utils.log import log

MODEL_NOT_LOADED = 43001
WRONG_UPSTREAM = 43002

ERRORS = {
    MODEL_NOT_LOADED: "模型无法加载: austen.npz is missing or damaged",
    WRONG_UPSTREAM: "upstream 配置错误: [wrapper] upstream is no URL such as http://127.0.0.1:8000/v1",
}
"""The wrapper's own codes."""


class Wrapper(WrapperBase):
    """Answers out of its own small model, or hands everything on to `[wrapper] upstream`."""

    serviceId = "chat"
    version = "v1"

    def wrapperInit(self, config: dict[str, str]) -> int:
        """MODEL_NOT_LOADED or WRONG_UPSTREAM when it cannot work."""
        if config.get("upstream"):
            from upstream import Upstream

            try:
                self.speaker: Any = Upstream.configured(config)
            except ValueError as error:
                log.error("%s", error)
                return WRONG_UPSTREAM
            return 0
        from speaker import Speaker

        try:
            self.speaker = Speaker(Path(os.path.abspath(__file__)).with_name("austen.npz"))
        except (OSError, KeyError, ValueError) as error:
            log.error("cannot load the model: %s", error)
            return MODEL_NOT_LOADED
        return 0

    def wrapperChat(self, messages: list[dict[str, Any]], params: dict[str, str]) -> Iterator[ChatChunk]:
        """The answer as it comes; may run several times at once."""
        yield from self.speaker.answer(messages, params)

    def wrapperError(self, ret: int) -> str:
        return ERRORS.get(ret, "")


if __name__ == "__main__":
    Wrapper().run()
