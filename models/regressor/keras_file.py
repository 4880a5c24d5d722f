"""Reads the networks of a `.keras` file without Keras, whose import takes seconds."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from volcast.models.regressor.numpy_network import ACTIVATION_FUNCTIONS, NumpyNetwork

KERAS_MAJOR = "3"  # the format of the file is Keras's own and may change with a major version
DENSE, DROPOUT, INPUT = "StackedDense", "StackedDropout", "InputLayer"


def read_keras_file(content: bytes) -> NumpyNetwork:
    """Return the networks of a `.keras` file of `models.engine.stacked_network.build_stack`.

    Parameters
    ----------
    content
        The bytes of the file: a zip with `metadata.json`, the layers in `config.json`, and their
        weights in `model.weights.h5`.

    Raises
    ------
    ValueError
        Another major version of Keras wrote it, or it holds other layers or weights; the message
        says which.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        version = json.loads(parts.read("metadata.json"))["keras_version"]
        if version.partition(".")[0] != KERAS_MAJOR:
            raise ValueError(
                f"it was written by Keras {version}; volcast reads the files of Keras {KERAS_MAJOR}"
            )
        layers = json.loads(parts.read("config.json"))["config"]["layers"]
        with h5py.File(io.BytesIO(parts.read("model.weights.h5")), "r") as file:
            return _read_network(layers, file["layers"])


def _read_network(layers: Sequence[Mapping[str, Any]], groups: Any) -> NumpyNetwork:
    """Return the network of a configuration and the groups of its layers' weights."""
    unknown = {layer["class_name"] for layer in layers} - {DENSE, DROPOUT, INPUT}
    if unknown:
        raise ValueError(f"it holds layers of another kind: {', '.join(sorted(unknown))}")
    configs = [layer["config"] for layer in layers if layer["class_name"] == DENSE]
    sizes = [layers[0]["config"]["batch_shape"][-1], *(config["units"] for config in configs)]
    weights = []
    for number, config in enumerate(configs):
        shape = (config["members"], sizes[number], sizes[number + 1])
        weights += _read_layer(groups, number, config["name"], shape)
    rates = {layer["config"]["rate"] for layer in layers if layer["class_name"] == DROPOUT}
    return NumpyNetwork(weights, _find_activation(configs), max(rates, default=0.0))


def _read_layer(
    groups: Any, number: int, name: str, shape: tuple[int, int, int]
) -> list[NDArray[np.float32]]:
    """Return kernel and bias of a dense layer; Keras numbers the groups and notes its name."""
    group = groups["stacked_dense" + (f"_{number}" if number else "")]["vars"]
    kernel, bias = (np.asarray(group[key], dtype=np.float32) for key in ("0", "1"))
    members, _, units = shape
    found = group.attrs["name"], kernel.shape, bias.shape
    if found != (name, shape, (members, 1, units)):
        raise ValueError(f"its layer {name} should have weights of {shape}; found {found}")
    return [kernel, bias]


def _find_activation(configs: Sequence[Mapping[str, Any]]) -> str:
    """Return the activation of the hidden layers; if there are none, that of the last layer."""
    *hidden, last = (config["activation"] for config in configs)
    names = set(hidden) or {last}
    if last != "linear" or len(names) > 1 or not names <= ACTIVATION_FUNCTIONS.keys():
        raise ValueError(f"it has the activations {', '.join([*hidden, last])}")
    return str(*names)
