"""The 2-1-1 sigmoid network: every intermediate number of forward, backward and one update."""

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
    "half the square",
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
    """One step of descent: the passes before it, the parameters after it, the pass after it."""

    loss: Loss
    before: ForwardPass
    found: BackwardPass
    after: Network
    kept_after: ForwardPass


def network() -> Network:
    """Return the network: weights of 0.5, biases of zero."""
    hidden = Layer(np.array([[0.5], [0.5]]), np.zeros(1), SIGMOID)
    return Network((hidden, Layer(np.array([[0.5]]), np.zeros(1), SIGMOID)))


def one_step(loss: Loss) -> Step:
    """Return one step of vanilla descent on the one row."""
    start = network()
    kept = start.forward(INPUTS)
    found = start.backward(kept, loss.gradient(TRUTH, kept.a[-1]))
    after = start.with_parameters(
        Optimizer(GradientDescent(RATE)).step(start.parameters, found.parameters)
    )
    return Step(loss, kept, found, after, after.forward(INPUTS))


def build_tables() -> dict[str, pd.DataFrame]:
    """Return `steps` (pass, symbol, formula, numbers, value), `losses` and `settings`.

    `losses` has the same step with each loss. `numbers` is the formula with the numbers put
    in, in full precision as `value` is.
    """
    rows = _rows(one_step(MSE))
    steps = pd.DataFrame(rows, columns=["pass", "symbol", "formula", "numbers", "value"])
    return {
        "steps": steps,
        "losses": pd.DataFrame([_loss_row(*each) for each in LOSSES.items()]),
        "settings": _settings(),
    }


def _settings() -> pd.DataFrame:
    """Return what the step begins with, `name, text`."""
    w1, b1, w2, b2 = ([float(n) for n in p.ravel()] for p in network().parameters)
    numbers = {"x": INPUTS[0].tolist(), "y": TRUTH[0].tolist(), "w1": w1, "w2": w2, "b": b1 + b2}
    texts = {name: ", ".join(f"{n:g}" for n in values) for name, values in numbers.items()}
    return pd.DataFrame({"name": [*texts, "r"], "text": [*texts.values(), f"{RATE:g}"]})


def _rows(step: Step) -> list[tuple[str, str, str, str, float]]:
    """Return the numbers in the order in which they are worked out."""
    return [
        *_forward_rows("forward", network(), step.before),
        *_backward_rows(step),
        *_update_rows(step),
        *_forward_rows("forward again", step.after, step.kept_after),
    ]


def _forward_rows(
    name: str, weighted: Network, kept: ForwardPass
) -> list[tuple[str, str, str, str, float]]:
    (x1, x2), y = INPUTS[0], TRUTH.item()
    w11, w12, b1, w2, b2 = _numbers(weighted.parameters)
    (z1, z2), (a1, a2) = _numbers(kept.z), _numbers(kept.a[1:])
    loss = MSE.value(TRUTH, kept.a[-1])
    weighted_sum = _filled("{} · {} + {} · {} + {}", w11, x1, w12, x2, b1)
    return [
        (name, "z₁", "w₁₁ x₁ + w₁₂ x₂ + b₁", weighted_sum, z1),
        (name, "a₁", "sigmoid(z₁)", _filled("1 / (1 + exp(-{}))", z1), a1),
        (name, "z₂", "w₂ a₁ + b₂", _filled("{} · {} + {}", w2, a1, b2), z2),
        (name, "a₂", "sigmoid(z₂)", _filled("1 / (1 + exp(-{}))", z2), a2),
        (name, "L", "(a₂ - y)²", _filled("({} - {})²", a2, y), loss),
    ]


def _backward_rows(step: Step) -> list[tuple[str, str, str, str, float]]:
    (x1, x2), y = INPUTS[0], TRUTH.item()
    a1, a2 = _numbers(step.before.a[1:])
    w2 = network().layers[1].weights.item()
    slope = MSE.gradient(TRUTH, step.before.a[-1]).item()
    d1, d2 = _numbers(step.found.delta)
    g11, g12, gb1, g2, gb2 = _numbers(step.found.parameters)
    down = (step.found.delta[1] @ network().layers[1].weights.T).item()
    through = "{} · {} · (1 - {})"
    return [
        ("backward", "∂L/∂a₂", "2 (a₂ - y)", _filled("2 · ({} - {})", a2, y), slope),
        ("backward", "∂L/∂z₂", "∂L/∂a₂ · a₂ (1 - a₂)", _filled(through, slope, a2, a2), d2),
        ("backward", "∂L/∂w₂", "∂L/∂z₂ · a₁", _filled("{} · {}", d2, a1), g2),
        ("backward", "∂L/∂b₂", "∂L/∂z₂", _filled("{}", d2), gb2),
        ("backward", "∂L/∂a₁", "∂L/∂z₂ · w₂", _filled("{} · {}", d2, w2), down),
        ("backward", "∂L/∂z₁", "∂L/∂a₁ · a₁ (1 - a₁)", _filled(through, down, a1, a1), d1),
        ("backward", "∂L/∂w₁₁", "∂L/∂z₁ · x₁", _filled("{} · {}", d1, x1), g11),
        ("backward", "∂L/∂w₁₂", "∂L/∂z₁ · x₂", _filled("{} · {}", d1, x2), g12),
        ("backward", "∂L/∂b₁", "∂L/∂z₁", _filled("{}", d1), gb1),
    ]


def _update_rows(step: Step) -> list[tuple[str, str, str, str, float]]:
    """Return what each parameter becomes: itself less the rate times its gradient."""
    names = ("w₁₁", "w₁₂", "b₁", "w₂", "b₂")
    numbers = (network().parameters, step.found.parameters, step.after.parameters)
    return [
        ("update", name, f"{name} - r · ∂L/∂{name}", _filled("{} - {} · {}", old, RATE, g), new)
        for name, old, g, new in zip(names, *map(_numbers, numbers), strict=True)
    ]


def _loss_row(name: str, loss: Loss) -> dict[str, object]:
    step = one_step(loss)
    w11, w12, b1, w2, b2 = _numbers(step.after.parameters)
    return {
        "loss": name,
        "before": loss.value(TRUTH, step.before.a[-1]),
        "delta": step.found.delta[1].item(),
        "w11": w11,
        "w12": w12,
        "b1": b1,
        "w2": w2,
        "b2": b2,
        "after": loss.value(TRUTH, step.kept_after.a[-1]),
    }


def _numbers(arrays: list[Float]) -> list[float]:
    """Return all entries of some arrays in order."""
    return [float(number) for array in arrays for number in array.ravel()]


def _filled(pattern: str, *numbers: float) -> str:
    """Return the pattern with numbers in full precision, negative ones in brackets."""
    texts = [repr(float(number)) for number in numbers]
    return pattern.format(*(f"({text})" if text.startswith("-") else text for text in texts))
