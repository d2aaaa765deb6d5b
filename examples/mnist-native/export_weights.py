"""Write the weights of the MNIST example's trained model as src/weights.bin, which the engine is built with.

pip install onnx; python export_weights.py        # only after the model was trained again

The file has the tensors of LAYOUT one after the other, as 32-bit floats, the least significant byte first.
src/network.cpp reads them in the same order.
"""

from pathlib import Path

import onnx
from onnx import numpy_helper

HERE = Path(__file__).resolve().parent
MODEL = HERE.parent / "mnist" / "wrapper" / "mnist.onnx"

LAYOUT = {
    "conv0.kernel": (16, 1, 3, 3),
    "conv0.bias": (16,),
    "conv1.kernel": (16, 16, 3, 3),
    "conv1.bias": (16,),
    "conv2.kernel": (32, 16, 3, 3),
    "conv2.bias": (32,),
    "conv3.kernel": (32, 32, 3, 3),
    "conv3.bias": (32,),
    "dense.kernel": (1568, 10),
    "dense.bias": (10,),
}
"""Name in the ONNX file and shape; convolutions are out × in × height × width."""


def main() -> None:
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(str(MODEL)).graph.initializer}
    shapes = {name: tensor.shape for name, tensor in found.items()}
    if shapes != LAYOUT:
        raise SystemExit(f"{MODEL} has {shapes}, but the engine is written for {LAYOUT}")
    weights = b"".join(found[name].astype("<f4").tobytes() for name in LAYOUT)
    (HERE / "src" / "weights.bin").write_bytes(weights)


if __name__ == "__main__":
    main()
