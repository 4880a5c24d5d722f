"""Dense layers: forward keeps every z and a, backward returns through them by the chain rule."""

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
    """What a forward pass kept: `z` of each layer; `a[0]` the inputs, `a[k]` what layer k gave."""

    z: list[Float]
    a: list[Float]


@dataclass(frozen=True, eq=False)
class BackwardPass:
    """What a backward pass found: dJ/dz of each layer, dJ/d(parameters), dJ/d(inputs)."""

    delta: list[Float]
    parameters: Parameters
    inputs: Float


@dataclass(frozen=True, eq=False)
class Network:
    """Layers in order; training makes new networks and changes none."""

    layers: tuple[Layer, ...]

    def forward(self, inputs: Float) -> ForwardPass:
        """Return all sums and activations for rows (n, inputs)."""
        z, a = [], [inputs]
        for layer in self.layers:
            z.append(a[-1] @ layer.weights + layer.bias)
            a.append(layer.activation.value(z[-1]))
        return ForwardPass(z, a)

    def backward(self, kept: ForwardPass, gradient: Float) -> BackwardPass:
        """Return all gradients, given that of the loss with respect to the output, dJ/da."""
        deltas: list[Float] = []
        parameters: Parameters = []
        for number in reversed(range(len(self.layers))):
            layer, inputs, outputs = self.layers[number], kept.a[number], kept.a[number + 1]
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
    kept = network.forward(inputs)
    output = kept.a[-1]
    found = network.backward(kept, loss.gradient(truth, output))
    return loss.value(truth, output), found.parameters


def initialise_network(
    sizes: Sequence[int], activations: Sequence[Activation], rng: np.random.Generator
) -> Network:
    """Return a network of random weights and zero biases: `sizes` are the inputs, then the units.

    He et al. 2015 (normal, variance 2 / inputs) before a ReLU, Glorot & Bengio 2010 (uniform,
    variance 2 / (inputs + units)) before anything else.
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
