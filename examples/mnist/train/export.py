"""Write trained weights as an ONNX model that every onnxruntime since 1.16 loads."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def export_onnx(layers, path: Path) -> None:
    """`layers`: dicts of `kernel` and `bias`, convolutions (height × width × in × out) first, the dense layer last.

    The model takes `image` (n × 1 × 28 × 28 float32, 0 to 1) and gives `scores` (n × 10).
    """
    nodes, constants = [], []

    def constant(name: str, value: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), name))
        return name

    last = "image"
    for index, layer in enumerate(layers[:-1]):
        kernel = constant(f"conv{index}.kernel", layer["kernel"].transpose(3, 2, 0, 1))
        bias = constant(f"conv{index}.bias", layer["bias"])
        nodes.append(
            helper.make_node("Conv", [last, kernel, bias], [f"conv{index}"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        )
        nodes.append(helper.make_node("Relu", [f"conv{index}"], [f"relu{index}"]))
        last = f"relu{index}"
        if index % 2 == 1:
            nodes.append(helper.make_node("MaxPool", [last], [f"pool{index}"], kernel_shape=[2, 2], strides=[2, 2]))
            last = f"pool{index}"
    # Training flattens height × width × channels, ONNX channels × height × width.
    channels = layers[-2]["bias"].shape[0]
    dense = layers[-1]["kernel"].reshape(7, 7, channels, 10).transpose(2, 0, 1, 3).reshape(-1, 10)
    nodes.append(helper.make_node("Flatten", [last], ["flat"]))
    nodes.append(
        helper.make_node(
            "Gemm", ["flat", constant("dense.kernel", dense), constant("dense.bias", layers[-1]["bias"])], ["scores"]
        )
    )
    graph = helper.make_graph(
        nodes,
        "mnist",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 10])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))
