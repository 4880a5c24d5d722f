"""Update rules, which turn a gradient g and a memory of earlier gradients into a weight change.

r is the learning rate, m the momentum, v the memory. Unless noted, the conventions are Keras's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from volcast.models.backprop._typing import Float

Memory = tuple[Float, ...]


class UpdateRule(Protocol):
    """An update rule; the memory of a parameter holds `slots` arrays, which are initially zero."""

    @property
    def rate(self) -> float:
        """The learning rate."""

    @property
    def slots(self) -> int:
        """The number of arrays in the memory of a parameter."""

    def compute_change(self, g: Float, memory: Memory, step: int) -> tuple[Float, Memory]:
        """Return the change of the parameter in this step (1, 2, ...), and the new memory."""


@dataclass(frozen=True)
class GradientDescent:
    """Gradient descent: ``-r g``.

    Examples
    --------
    >>> GradientDescent(0.1).compute_change(np.array([2.0]), (), step=1)[0].tolist()
    [-0.2]
    """

    rate: float
    slots = 0

    def compute_change(self, g: Float, memory: Memory, step: int) -> tuple[Float, Memory]:
        """Return the change of the parameter, and the new memory."""
        return -self.rate * g, ()


@dataclass(frozen=True)
class Momentum:
    """Classical momentum (Polyak 1964), the convention of Keras: ``v = m v - r g``, add v."""

    rate: float
    momentum: float = 0.9
    slots = 1

    def compute_change(self, g: Float, memory: Memory, step: int) -> tuple[Float, Memory]:
        """Return the change of the parameter, and the new memory."""
        v = self.momentum * memory[0] - self.rate * g
        return v, (v,)


@dataclass(frozen=True)
class AveragedMomentum:
    """Momentum as a moving average (EMA): ``v = m v + (1 - m) g``, add ``-r v``.

    This is not Keras's convention; the steps are those of classical momentum at the rate
    ``r (1 - m)``.
    """

    rate: float
    momentum: float = 0.9
    slots = 1

    def compute_change(self, g: Float, memory: Memory, step: int) -> tuple[Float, Memory]:
        """Return the change of the parameter, and the new memory."""
        v = self.momentum * memory[0] + (1.0 - self.momentum) * g
        return -self.rate * v, (v,)


@dataclass(frozen=True)
class Nesterov:
    """Nesterov momentum (Nesterov 1983): ``v = m v - r g``, add ``m v - r g``."""

    rate: float
    momentum: float = 0.9
    slots = 1

    def compute_change(self, g: Float, memory: Memory, step: int) -> tuple[Float, Memory]:
        """Return the change of the parameter, and the new memory."""
        v = self.momentum * memory[0] - self.rate * g
        return self.momentum * v - self.rate * g, (v,)


@dataclass(frozen=True)
class RMSprop:
    """Steps scaled by the recent size of the gradient (Tieleman & Hinton 2012).

    ``v = d v + (1 - d) g^2``, add ``-r g / sqrt(v + e)``.
    """

    rate: float
    decay: float = 0.9
    epsilon: float = 1e-7
    slots = 1

    def compute_change(self, g: Float, memory: Memory, step: int) -> tuple[Float, Memory]:
        """Return the change of the parameter, and the new memory."""
        v = self.decay * memory[0] + (1.0 - self.decay) * g**2
        return -self.rate * g / np.sqrt(v + self.epsilon), (v,)


@dataclass(frozen=True)
class Adam:
    """Averaged momentum scaled by the recent size of the gradient, both bias-corrected.

    Kingma & Ba 2015, in the form of the end of section 2, in which epsilon is not corrected.
    """

    rate: float
    momentum: float = 0.9
    decay: float = 0.999
    epsilon: float = 1e-7
    slots = 2

    def compute_change(self, g: Float, memory: Memory, step: int) -> tuple[Float, Memory]:
        """Return the change of the parameter, and the new memory."""
        mean = self.momentum * memory[0] + (1.0 - self.momentum) * g
        square = self.decay * memory[1] + (1.0 - self.decay) * g**2
        correction = np.sqrt(1.0 - self.decay**step) / (1.0 - self.momentum**step)
        change = -self.rate * correction * mean / (np.sqrt(square) + self.epsilon)
        return change, (mean, square)


class Optimizer:
    """Applies an update rule, with a memory for each parameter."""

    def __init__(self, rule: UpdateRule) -> None:
        self.rule = rule
        self.steps = 0
        self._memories: list[Memory] = []

    def step(self, parameters: Sequence[Float], gradients: Sequence[Float]) -> list[Float]:
        """Return the parameters after one step."""
        if not self._memories:
            self._memories = [(np.zeros_like(p),) * self.rule.slots for p in parameters]
        self.steps += 1
        changed = [
            self.rule.compute_change(g, memory, self.steps)
            for g, memory in zip(gradients, self._memories, strict=True)
        ]
        self._memories = [memory for _, memory in changed]
        return [p + change for p, (change, _) in zip(parameters, changed, strict=True)]
