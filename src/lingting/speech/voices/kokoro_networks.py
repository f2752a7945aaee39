"""Kokoro's network as several, one after the other: sounds to frames, the decoder, and the generator, which takes nine
tenths of the time and is there twice.

The generator normalises each of its channels over all frames that it is given, so a part of a clause alone comes out
otherwise than within its clause. One of the two takes the means and variances of these norms as given.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lingting.heap import give_heap_back

__all__ = ["DECODED", "ENERGY", "FEATURES", "PITCH", "SOUND", "SOURCE", "STYLE", "Networks", "load_networks"]

FEATURES, PITCH, ENERGY = (
    "/encoder/MatMul_1_output_0",
    "/encoder/Reshape_output_0",
    "/encoder/Reshape_1_output_0",
)
"""Where the decoder begins, as the nodes are named."""
DECODED = "/decoder/decoder/decode.3/Div_4_output_0"
SOURCE = "/decoder/decoder/generator/Reshape_3_output_0"
"""Where the generator begins; the source is a hum of the pitch, with ten samples on either side."""
STYLE, SOUND = "style", "audio"
GENERATOR = "/decoder/decoder/generator/"
THREADS = 2
"""Of one clause: it is heard in two thirds of the time that one takes; more were not measured."""


@dataclass(frozen=True, slots=True)
class Networks:
    """Sessions of onnxruntime, which has no types."""

    predictor: Any
    """tokens, style and speed to features, pitch and energy"""
    decoder: Any
    """those and style to what is decoded, and the source"""
    generator: Any
    """those and style to sound, and the statistics of its norms"""
    steady_generator: Any
    """the same with the statistics given"""
    statistics: tuple[str, ...]
    """What they are called: means and variances, each (1, channels, 1)."""


def load_networks(weights: Path) -> Networks:
    """raises    RuntimeError, OSError, ImportError, ValueError for weights that are not there or not these"""
    import onnx

    whole = onnx.load(str(weights))
    statistics = tuple(
        node.output[0] for node in whole.graph.node if node.op_type == "ReduceMean" and node.name.startswith(GENERATOR)
    )
    frames, decoded = (FEATURES, PITCH, ENERGY), (DECODED, SOURCE)
    networks = Networks(
        predictor=_session(_part(whole, frames, given=())),
        decoder=_session(_part(whole, decoded, given=frames)),
        generator=_session(_part(whole, (SOUND, *statistics), given=decoded)),
        steady_generator=_session(_part(whole, (SOUND,), given=(*decoded, *statistics))),
        statistics=statistics,
    )
    del whole
    give_heap_back()
    return networks


def _part(network: Any, wanted: Collection[str], *, given: Collection[str]) -> bytes:  # Any: onnx has no types
    """The nodes of a network that make what is wanted from what is given and its inputs, as a network of its own."""
    import onnx

    maker_of = {name: node for node in network.graph.node for name in node.output}
    needed: set[str] = set()
    looked_for = list(wanted)
    while looked_for:
        name = looked_for.pop()
        if name and name not in needed:
            needed.add(name)
            if name in maker_of and name not in given:
                looked_for += maker_of[name].input
    part = onnx.GraphProto(name="part")
    made = needed.difference(given)
    part.node.extend(node for node in network.graph.node if not made.isdisjoint(node.output))
    part.initializer.extend(each for each in network.graph.initializer if each.name in needed)
    part.input.extend(each for each in network.graph.input if each.name in needed)
    floats = onnx.TensorProto.FLOAT
    part.input.extend(onnx.helper.make_tensor_value_info(name, floats, None) for name in given)
    part.output.extend(onnx.helper.make_tensor_value_info(name, floats, None) for name in wanted)
    made_of = {"opset_imports": network.opset_import, "ir_version": network.ir_version}
    return bytes(onnx.helper.make_model(part, **made_of).SerializeToString())


def _session(network: bytes) -> Any:  # Any: onnxruntime has no types
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = min(THREADS, os.cpu_count() or 1), 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # else it takes what others need
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
