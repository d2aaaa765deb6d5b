"""A language model that counts: how often which token followed which one, two or three others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tokens import TURN, tokenize

TOKEN_BITS = 16
"""A token is a number of 16 bits, so that a key of 64 bits holds four of them, the first in the highest bits."""

ECHO = 8.0
"""How much likelier a rarer word of the question is in the answer than the novels alone would have it."""


class LanguageModel:
    """Gives each next token its probability by Witten and Bell's interpolation: what followed the three tokens before
    counts, and less the fewer there are to judge by; then what followed the two before, the one, and how often a token
    occurs at all."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self._tokens: list[str] = file["vocabulary"].tobytes().decode().split("\0")
            frequencies = file["frequencies"].astype(np.float64)
            self._orders = [
                (_keys(file[f"tokens{order}"]), file[f"counts{order}"].astype(np.float64)) for order in (2, 3, 4)
            ]
        self._ids = {token: number for number, token in enumerate(self._tokens)}
        self._frequencies = frequencies / frequencies.sum()
        self._turn = self._ids[TURN]

    def encode(self, text: str) -> list[int]:
        """The tokens of a text that the model knows, in the spelling that it knows; the others are left out."""
        found = (self._number(token) for token in tokenize(text))
        return [number for number in found if number is not None]

    def _number(self, token: str) -> int | None:
        bare = token if token == TURN else token.strip()
        spellings = (token, token.lower(), f" {bare}", f" {bare.lower()}", bare)
        return next((self._ids[word] for word in spellings if word in self._ids), None)

    def answer(self, said: str, *, temperature: float, top_p: float, seed: int | None) -> Iterator[str]:
        """The tokens of what is said next, without end where the model never ends its turn."""
        random = np.random.default_rng(seed)
        prompt = self.encode(said)
        echo = self._echo(prompt)
        context = [self._turn, *prompt, self._turn]
        while True:
            odds = self.probabilities(context) * echo
            if context[-1] == self._turn:
                odds[self._turn] = 0
            token = _draw(odds, temperature, top_p, random)
            if token == self._turn:
                return
            text = self._tokens[token]
            yield text.lstrip() if context[-1] == self._turn else text
            context.append(token)

    def probabilities(self, context: Sequence[int]) -> np.ndarray:
        odds = self._frequencies
        for (keys, counts), length in zip(self._orders, (1, 2, 3)):
            if len(context) < length:
                break
            first = _pack(context[-length:]) << TOKEN_BITS
            begin, end = np.searchsorted(keys, np.array([first, first + (1 << TOKEN_BITS)], dtype=np.uint64))
            if begin == end:
                break
            seen = counts[begin:end]
            kinds = end - begin
            odds = odds * (kinds / (seen.sum() + kinds))
            odds[keys[begin:end] & np.uint64((1 << TOKEN_BITS) - 1)] += seen / (seen.sum() + kinds)
        return odds

    def _echo(self, prompt: Sequence[int]) -> np.ndarray:
        """A factor for each token, above 1 for the rarer words that were said."""
        factors = np.ones(len(self._tokens))
        rare = [token for token in prompt if self._frequencies[token] < 1e-3 and self._tokens[token].strip().isalpha()]
        factors[rare] = ECHO
        return factors


def _draw(odds: np.ndarray, temperature: float, top_p: float, random: np.random.Generator) -> int:
    """Draws from the likeliest tokens whose probabilities together make up `top_p`."""
    if temperature == 0:
        return int(odds.argmax())
    odds = (odds / odds.max()) ** (1 / temperature)
    order = np.argsort(odds)[::-1]
    sums = np.cumsum(odds[order])
    enough = int(np.searchsorted(sums, top_p * sums[-1])) + 1
    return int(order[np.searchsorted(sums[:enough], random.random() * sums[enough - 1])])


def _keys(columns: np.ndarray) -> np.ndarray:
    keys = np.zeros(columns.shape[1], dtype=np.uint64)
    for column in columns:
        keys = (keys << np.uint64(TOKEN_BITS)) | column.astype(np.uint64)
    return keys


def _pack(tokens: Sequence[int]) -> int:
    key = 0
    for token in tokens:
        key = key << TOKEN_BITS | int(token)
    return key
