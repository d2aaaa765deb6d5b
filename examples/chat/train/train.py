"""Counts the tokens of what is spoken in the novels and writes ../wrapper/austen.npz (see ../README.md).

python train.py FOLDER/data/Rdata.rdb
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

EXAMPLE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(EXAMPLE / "wrapper"))

from novels import novels, utterances  # noqa: E402
from tokens import TURN, tokenize  # noqa: E402

ORDERS = (2, 3, 4)
HELD_OUT = 20
"""Of so many turns one is not learned from but measured with."""


def turns(rdb: Path) -> list[list[str]]:
    return [tokenize(text + TURN) for lines in novels(rdb.read_bytes()) for text in utterances(lines)]


def count(spoken: list[list[str]]) -> dict[str, np.ndarray]:
    """The arrays of the model's file. Token numbers follow the frequencies, the commonest being 0."""
    text = [TURN] + [token for turn in spoken for token in turn]
    frequencies = Counter(text).most_common()
    ids = {token: number for number, (token, _) in enumerate(frequencies)}
    sequence = np.array([ids[token] for token in text], dtype=np.uint16)
    arrays = {
        "vocabulary": np.frombuffer("\0".join(ids).encode(), dtype=np.uint8),
        "frequencies": np.array([count for _, count in frequencies], dtype=np.uint32),
    }
    for order in ORDERS:
        windows = np.lib.stride_tricks.sliding_window_view(sequence, order)
        tokens, counts = np.unique(windows, axis=0, return_counts=True)
        # By columns it is half the size when compressed.
        arrays[f"tokens{order}"] = np.ascontiguousarray(tokens.T)
        arrays[f"counts{order}"] = np.minimum(counts, 65535).astype(np.uint16)
    return arrays


def perplexity(path: Path, spoken: list[list[str]]) -> float:
    """How many tokens the model wavers between, on average, for turns that it has not seen; without unknown words."""
    from language_model import LanguageModel

    model = LanguageModel(path)
    surprises = []
    for turn in spoken:
        context = model.encode(TURN + "".join(turn))
        for at in range(1, len(context)):
            surprises.append(-np.log(model.probabilities(context[:at])[context[at]]))
    return float(np.exp(np.mean(surprises)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rdb", type=Path, help="Rdata.rdb of the package r-cran-janeaustenr")
    parser.add_argument("--out", type=Path, default=EXAMPLE / "wrapper" / "austen.npz")
    args = parser.parse_args()
    spoken = turns(args.rdb)
    learned = [turn for number, turn in enumerate(spoken) if number % HELD_OUT]
    np.savez_compressed(args.out, **count(learned))
    print(f"{len(learned)} turns, {sum(map(len, learned))} tokens, {args.out.stat().st_size} bytes")
    held_out = spoken[::HELD_OUT]
    print(f"perplexity of the {len(held_out)} turns held out: {perplexity(args.out, held_out):.0f}")


if __name__ == "__main__":
    main()
