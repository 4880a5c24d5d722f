"""Networks computed with NumPy: equal to Keras, and the same for a row wherever it stands."""

import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from tests.models.regressor.numpy_samples import make_inputs, make_network
from volcast.models.engine.stacked_network import compute_outputs
from volcast.models.regressor.ensemble import build_keras_network
from volcast.models.regressor.keras_file import read_keras_file
from volcast.models.regressor.numpy_network import ACTIVATION_FUNCTIONS, BLOCK_ROWS, NumpyNetwork
from volcast.models.training_options import ACTIVATIONS

WIDTHS = [(), (1,), (5,), (32, 16), (8, 8, 8), (300,)]


@pytest.mark.parametrize("hidden", WIDTHS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_outputs_are_those_of_keras_before_and_after_a_file(activation, hidden, tmp_path):
    network, inputs = make_network(hidden, activation), make_inputs(BLOCK_ROWS + 40)
    keras_network = build_keras_network(network)
    expected = compute_outputs(keras_network, inputs)
    outputs = network.compute_outputs(inputs)
    assert np.abs(outputs - expected).max() < 1e-6 * np.abs(expected).max()
    keras_network.save(tmp_path / "network.keras")
    read = read_keras_file((tmp_path / "network.keras").read_bytes())
    np.testing.assert_array_equal(read.compute_outputs(inputs), outputs)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_saturated_units_are_those_of_keras_and_warn_of_nothing(activation):
    network, inputs = make_network((16,), activation, scale=40.0), make_inputs(200)
    expected = compute_outputs(build_keras_network(network), inputs)
    outputs = network.compute_outputs(inputs)
    np.testing.assert_allclose(outputs, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("hidden", WIDTHS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_row_has_the_same_bits_alone_in_any_order_and_before_any_rows(activation, hidden):
    network, inputs = make_network(hidden, activation), make_inputs(2 * BLOCK_ROWS + 13)
    outputs = network.compute_outputs(inputs)
    order = np.random.default_rng(0).permutation(len(inputs))
    np.testing.assert_array_equal(network.compute_outputs(inputs[order]), outputs[:, order])
    for count in (1, 2, 3, 17, BLOCK_ROWS, BLOCK_ROWS + 1):
        np.testing.assert_array_equal(network.compute_outputs(inputs[:count]), outputs[:, :count])
    for row in range(0, len(inputs), 10):
        alone = network.compute_outputs(inputs[row : row + 1])
        np.testing.assert_array_equal(alone, outputs[:, row : row + 1])


def test_the_bits_depend_neither_on_the_processor_nor_on_the_number_of_threads():
    """OpenBLAS chooses its products by both; NumPy with another BLAS ignores the variables."""
    script = (
        "from tests.models.regressor.numpy_samples import make_inputs, make_network\n"
        "network = make_network((70, 40), 'relu', inputs=110)\n"
        "outputs = network.compute_outputs(make_inputs(500, 110))\n"
        "print(outputs.tobytes().hex())"
    )
    choices = [{}, {"OPENBLAS_NUM_THREADS": "3"}, {"OPENBLAS_CORETYPE": "Nehalem"}]
    printed = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | choice,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for choice in choices
    ]
    assert len(printed[0]) > 1000 and len(set(printed)) == 1


def test_a_network_has_the_same_bits_in_any_stack():
    network, inputs = make_network(networks=5), make_inputs(300)
    alone = NumpyNetwork([part[3:4] for part in network.weights], network.activation)
    outputs = network.compute_outputs(inputs)
    np.testing.assert_array_equal(alone.compute_outputs(inputs), outputs[3:4])


def test_no_rows_have_no_outputs():
    assert make_network().compute_outputs(make_inputs(0)).shape == (3, 0, 1)


def test_memory_is_bounded_by_a_block_and_the_outputs():
    network, inputs = make_network(networks=8), make_inputs(40 * BLOCK_ROWS)
    tracemalloc.start()
    outputs = network.compute_outputs(inputs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    block = 8 * 32 * BLOCK_ROWS * 4  # bytes of a hidden layer
    assert peak - outputs.nbytes < 8 * block < 40 * block / 4


@pytest.mark.parametrize("worst", [np.nan, np.inf, 3e38])
def test_weights_that_are_not_finite_reach_the_outputs_of_their_own_network_only(worst):
    network, inputs = make_network(), make_inputs(20)
    expected = network.compute_outputs(inputs)
    network.weights[0][1] = worst
    outputs = network.compute_outputs(inputs)
    np.testing.assert_array_equal(outputs[[0, 2]], expected[[0, 2]])
    assert not np.isfinite(outputs[1]).all()


def test_every_activation_that_can_be_trained_can_be_forecast():
    assert set(ACTIVATION_FUNCTIONS) == {*ACTIVATIONS, "silu", "linear"}
