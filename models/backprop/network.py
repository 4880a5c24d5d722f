"""Dense networks: a forward pass that stores every z and a, and a backward pass through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from volcast.models.backprop._typing import Float
from volcast.models.backprop.activations import Activation
from volcast.models.backprop.losses import Loss

Parameters = list[Float]  # weights and bias of the first layer, then of the next, ...


@dataclass(frozen=True, eq=False)
class Layer:
    """``a = activation(inputs @ weights + bias)``: weights (inputs, units), bias (units,)."""

    weights: Float
    bias: Float
    activation: Activation


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """A forward pass: `z` of each layer; `a[0]` are the inputs, `a[k]` the outputs of layer k."""

    z: list[Float]
    a: list[Float]


@dataclass(frozen=True, eq=False)
class BackwardPass:
    """A backward pass: `delta`, dJ/dz of each layer; dJ/d(parameters) and dJ/d(inputs)."""

    delta: list[Float]
    parameters: Parameters
    inputs: Float


@dataclass(frozen=True, eq=False)
class Network:
    """Layers in order; a network is immutable, and training builds new ones."""

    layers: tuple[Layer, ...]

    def forward(self, inputs: Float) -> ForwardPass:
        """Return the sums and activations of all layers for rows (n, inputs)."""
        z, a = [], [inputs]
        for layer in self.layers:
            z.append(a[-1] @ layer.weights + layer.bias)
            a.append(layer.activation.value(z[-1]))
        return ForwardPass(z, a)

    def backward(self, forward_pass: ForwardPass, gradient: Float) -> BackwardPass:
        """Return all gradients, given dJ/da, that of the loss with respect to the output."""
        deltas: list[Float] = []
        parameters: Parameters = []
        for number in reversed(range(len(self.layers))):
            layer, inputs, outputs = (
                self.layers[number],
                forward_pass.a[number],
                forward_pass.a[number + 1],
            )
            delta = layer.activation.backward(gradient, outputs)  # dJ/dz
            deltas.insert(0, delta)
            parameters[:0] = [inputs.T @ delta, delta.sum(axis=0)]
            gradient = delta @ layer.weights.T  # dJ/da of the layer below
        return BackwardPass(deltas, parameters, gradient)

    def predict(self, inputs: Float) -> Float:
        """Return the output for rows (n, inputs), (n, outputs)."""
        return self.forward(inputs).a[-1]

    @property
    def parameters(self) -> Parameters:
        """Weights and bias of each layer, in order."""
        return [part for layer in self.layers for part in (layer.weights, layer.bias)]

    def with_parameters(self, parameters: Parameters) -> Network:
        """Return the same network with other weights and biases."""
        pairs = zip(parameters[::2], parameters[1::2], strict=True)
        return Network(
            tuple(
                Layer(weights, bias, layer.activation)
                for (weights, bias), layer in zip(pairs, self.layers, strict=True)
            )
        )


def loss_and_gradients(
    network: Network, inputs: Float, truth: Float, loss: Loss
) -> tuple[float, Parameters]:
    """Return the loss over some rows and its gradient with respect to every parameter."""
    forward_pass = network.forward(inputs)
    output = forward_pass.a[-1]
    backward_pass = network.backward(forward_pass, loss.gradient(truth, output))
    return loss.value(truth, output), backward_pass.parameters


def initialise_network(
    sizes: Sequence[int], activations: Sequence[Activation], rng: np.random.Generator
) -> Network:
    """Return a network with random weights and zero biases.

    `sizes` are the number of inputs, then the units of each layer. Weights are drawn after He et
    al. 2015 (normal, variance 2 / inputs) for ReLU, and after Glorot & Bengio 2010 (uniform,
    variance 2 / (inputs + units)) for other activations.

    Examples
    --------
    >>> from volcast.models.backprop.activations import IDENTITY, TANH
    >>> network = initialise_network((2, 3, 1), (TANH, IDENTITY), np.random.default_rng(0))
    >>> network.predict(np.zeros((5, 2))).shape
    (5, 1)
    """
    layers = []
    for (inputs, units), activation in zip(pairwise(sizes), activations, strict=True):
        if activation.name == "relu":
            weights = rng.normal(0.0, np.sqrt(2.0 / inputs), (inputs, units))
        else:
            limit = np.sqrt(6.0 / (inputs + units))
            weights = rng.uniform(-limit, limit, (inputs, units))
        layers.append(Layer(weights, np.zeros(units), activation))
    return Network(tuple(layers))
