"""The reader of `.keras` files refuses what it does not know, and needs no Keras."""

import io
import json
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from tests.models.regressor.numpy_samples import make_network
from volcast.models.regressor.ensemble import build_keras_network
from volcast.models.regressor.keras_file import read_keras_file


@pytest.fixture(scope="module")
def network():
    return make_network((6, 6), inputs=6)


@pytest.fixture(scope="module")
def content(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("keras") / "network.keras"
    build_keras_network(network).save(path)
    return path.read_bytes()


def change_part(content, name, change):
    """Return the bytes of a `.keras` file with one part of it changed."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    return changed.getvalue()


def change_layers(content, change):
    def changed(config):
        values = json.loads(config)
        change(values["config"]["layers"])
        return json.dumps(values)

    return change_part(content, "config.json", changed)


def change_weights(content, change):
    def changed(weights):
        file = io.BytesIO(weights)
        with h5py.File(file, "r+") as opened:
            change(opened["layers"])
        return file.getvalue()

    return change_part(content, "model.weights.h5", changed)


def test_weights_activation_and_dropout_come_back(network, content):
    read = read_keras_file(content)
    assert (read.activation, read.dropout) == ("silu", 0.1)
    for found, expected in zip(read.weights, network.weights, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("version", ["4.0.0", "2.15.0", "30.1"])
def test_a_file_of_another_major_version_of_keras_is_refused(content, version):
    other = change_part(content, "metadata.json", lambda _: json.dumps({"keras_version": version}))
    with pytest.raises(ValueError, match=f"written by Keras {version}; .* the files of Keras 3"):
        read_keras_file(other)


def test_layers_of_another_kind_are_refused(content):
    other = change_layers(content, lambda layers: layers[1].update(class_name="Dense"))
    with pytest.raises(ValueError, match="holds layers of another kind: Dense"):
        read_keras_file(other)


def test_activations_that_differ_are_refused(content):
    other = change_layers(content, lambda layers: layers[1]["config"].update(activation="relu"))
    with pytest.raises(ValueError, match="has the activations relu, silu, linear"):
        read_keras_file(other)


def test_weights_of_another_shape_are_refused(content):
    other = change_layers(content, lambda layers: layers[1]["config"].update(units=7))
    with pytest.raises(ValueError, match=r"layer .* should have weights of \(3, 6, 7\); found"):
        read_keras_file(other)


def test_layers_whose_weights_were_exchanged_are_refused(content):
    """Both are six by six: only the names tell them apart."""

    def exchange(groups):
        for old, new in (("", "_9"), ("_1", ""), ("_9", "_1")):
            groups.move(f"stacked_dense{old}", f"stacked_dense{new}")

    with pytest.raises(ValueError, match="should have weights of"):
        read_keras_file(change_weights(content, exchange))


def test_neither_keras_nor_tensorflow_is_imported():
    script = "import sys, volcast.models.regressor.keras_file; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "h5py" in answer.stdout.split()
    assert not {"keras", "tensorflow"} & set(answer.stdout.split())
