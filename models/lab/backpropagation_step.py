"""One training step of a 2-1-1 sigmoid network, with every intermediate number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from volcast.models.backprop._typing import Float
from volcast.models.backprop.activations import SIGMOID
from volcast.models.backprop.losses import BINARY_CROSS_ENTROPY, MSE, Loss
from volcast.models.backprop.network import BackwardPass, ForwardPass, Layer, Network
from volcast.models.backprop.optimizers import GradientDescent, Optimizer

INPUTS = np.array([[1.0, 2.0]])
TRUTH = np.array([[1.0]])
RATE = 0.5

HALF_SQUARE = Loss(
    "half the squared error",
    lambda y, a: float(np.mean((a - y) ** 2) / 2.0),
    lambda y, a: (a - y) / y.size,
)
LOSSES = {
    "(a₂ - y)²": MSE,
    "½ (a₂ - y)²": HALF_SQUARE,
    "cross-entropy": BINARY_CROSS_ENTROPY,
}


@dataclass(frozen=True)
class Step:
    """One step of gradient descent: the passes before it, and the network and pass after it."""

    loss: Loss
    before: ForwardPass
    backward: BackwardPass
    network_after: Network
    after: ForwardPass


def build_network() -> Network:
    """Return the network, with weights of 0.5 and biases of zero."""
    hidden = Layer(np.array([[0.5], [0.5]]), np.zeros(1), SIGMOID)
    return Network((hidden, Layer(np.array([[0.5]]), np.zeros(1), SIGMOID)))


def take_step(loss: Loss) -> Step:
    """Return one step of gradient descent on the single row."""
    start = build_network()
    before = start.forward(INPUTS)
    backward = start.backward(before, loss.gradient(TRUTH, before.a[-1]))
    after = start.with_parameters(
        Optimizer(GradientDescent(RATE)).step(start.parameters, backward.parameters)
    )
    return Step(loss, before, backward, after, after.forward(INPUTS))


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `steps` (pass, symbol, formula, numbers, value), `losses` and `settings`.

    `losses` has the same step with each loss. `numbers` is the formula with its numbers, in full
    precision like `value`.
    """
    rows = _build_rows(take_step(MSE))
    steps = pd.DataFrame(rows, columns=["pass", "symbol", "formula", "numbers", "value"])
    return {
        "steps": steps,
        "losses": pd.DataFrame([_build_loss_row(*each) for each in LOSSES.items()]),
        "settings": _build_settings(),
    }


def _build_settings() -> pd.DataFrame:
    """Return the inputs and the parameters before the step, `name, text`."""
    w1, b1, w2, b2 = ([float(n) for n in p.ravel()] for p in build_network().parameters)
    numbers = {"x": INPUTS[0].tolist(), "y": TRUTH[0].tolist(), "w1": w1, "w2": w2, "b": b1 + b2}
    texts = {name: ", ".join(f"{n:g}" for n in values) for name, values in numbers.items()}
    return pd.DataFrame({"name": [*texts, "r"], "text": [*texts.values(), f"{RATE:g}"]})


def _build_rows(step: Step) -> list[tuple[str, str, str, str, float]]:
    """Return the numbers in the order of their computation."""
    return [
        *_build_forward_rows("forward", build_network(), step.before),
        *_build_backward_rows(step),
        *_build_update_rows(step),
        *_build_forward_rows("forward again", step.network_after, step.after),
    ]


def _build_forward_rows(
    name: str, network: Network, forward: ForwardPass
) -> list[tuple[str, str, str, str, float]]:
    (x1, x2), y = INPUTS[0], TRUTH.item()
    w11, w12, b1, w2, b2 = _flatten(network.parameters)
    (z1, z2), (a1, a2) = _flatten(forward.z), _flatten(forward.a[1:])
    loss = MSE.value(TRUTH, forward.a[-1])
    weighted_sum = _fill("{} · {} + {} · {} + {}", w11, x1, w12, x2, b1)
    return [
        (name, "z₁", "w₁₁ x₁ + w₁₂ x₂ + b₁", weighted_sum, z1),
        (name, "a₁", "sigmoid(z₁)", _fill("1 / (1 + exp(-{}))", z1), a1),
        (name, "z₂", "w₂ a₁ + b₂", _fill("{} · {} + {}", w2, a1, b2), z2),
        (name, "a₂", "sigmoid(z₂)", _fill("1 / (1 + exp(-{}))", z2), a2),
        (name, "L", "(a₂ - y)²", _fill("({} - {})²", a2, y), loss),
    ]


def _build_backward_rows(step: Step) -> list[tuple[str, str, str, str, float]]:
    (x1, x2), y = INPUTS[0], TRUTH.item()
    a1, a2 = _flatten(step.before.a[1:])
    w2 = build_network().layers[1].weights.item()
    slope = MSE.gradient(TRUTH, step.before.a[-1]).item()
    d1, d2 = _flatten(step.backward.delta)
    g11, g12, gb1, g2, gb2 = _flatten(step.backward.parameters)
    down = (step.backward.delta[1] @ build_network().layers[1].weights.T).item()
    through = "{} · {} · (1 - {})"
    return [
        ("backward", "∂L/∂a₂", "2 (a₂ - y)", _fill("2 · ({} - {})", a2, y), slope),
        ("backward", "∂L/∂z₂", "∂L/∂a₂ · a₂ (1 - a₂)", _fill(through, slope, a2, a2), d2),
        ("backward", "∂L/∂w₂", "∂L/∂z₂ · a₁", _fill("{} · {}", d2, a1), g2),
        ("backward", "∂L/∂b₂", "∂L/∂z₂", _fill("{}", d2), gb2),
        ("backward", "∂L/∂a₁", "∂L/∂z₂ · w₂", _fill("{} · {}", d2, w2), down),
        ("backward", "∂L/∂z₁", "∂L/∂a₁ · a₁ (1 - a₁)", _fill(through, down, a1, a1), d1),
        ("backward", "∂L/∂w₁₁", "∂L/∂z₁ · x₁", _fill("{} · {}", d1, x1), g11),
        ("backward", "∂L/∂w₁₂", "∂L/∂z₁ · x₂", _fill("{} · {}", d1, x2), g12),
        ("backward", "∂L/∂b₁", "∂L/∂z₁", _fill("{}", d1), gb1),
    ]


def _build_update_rows(step: Step) -> list[tuple[str, str, str, str, float]]:
    """Return each parameter after the step: its value minus the rate times its gradient."""
    names = ("w₁₁", "w₁₂", "b₁", "w₂", "b₂")
    numbers = (build_network().parameters, step.backward.parameters, step.network_after.parameters)
    return [
        ("update", name, f"{name} - r · ∂L/∂{name}", _fill("{} - {} · {}", old, RATE, g), new)
        for name, old, g, new in zip(names, *map(_flatten, numbers), strict=True)
    ]


def _build_loss_row(name: str, loss: Loss) -> dict[str, object]:
    step = take_step(loss)
    w11, w12, b1, w2, b2 = _flatten(step.network_after.parameters)
    return {
        "loss": name,
        "before": loss.value(TRUTH, step.before.a[-1]),
        "delta": step.backward.delta[1].item(),
        "w11": w11,
        "w12": w12,
        "b1": b1,
        "w2": w2,
        "b2": b2,
        "after": loss.value(TRUTH, step.after.a[-1]),
    }


def _flatten(arrays: list[Float]) -> list[float]:
    """Return the entries of all arrays in order."""
    return [float(number) for array in arrays for number in array.ravel()]


def _fill(pattern: str, *numbers: float) -> str:
    """Return the pattern with numbers in full precision, negative ones in parentheses."""
    texts = [repr(float(number)) for number in numbers]
    return pattern.format(*(f"({text})" if text.startswith("-") else text for text in texts))
