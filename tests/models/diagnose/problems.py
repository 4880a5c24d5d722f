"""A problem so small that a naive loop can retrace every step: two horizons, four features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volcast.models.backend import tf
from volcast.models.diagnose.training_problem import TrainingProblem, build_training_problem
from volcast.models.engine.member_groups import ActiveMember
from volcast.models.engine.stacked_network import draw_initial_weights
from volcast.models.regressor.estimator import KerasVolatilityRegressor

FEATURES, HORIZONS = 4, 2
PARTS = {"training": 150, "validation": 60, "test": 40}
SETTINGS = {"hidden": (8, 4), "members": 2, "batch_size": 32, "epochs": 4, "learning_rate": 0.01}


def make_problem(**settings) -> TrainingProblem:
    """Return a problem whose log variance is a curve of two features, plus noise."""
    rng = np.random.default_rng(3)
    parts = []
    for count in PARTS.values():
        x = rng.normal(size=(count, FEATURES))
        signal = 0.6 * x[:, :1] + 0.4 * x[:, 1:2] ** 2
        parts.append((x, np.exp(-9.0 + signal + 0.5 * rng.normal(size=(count, HORIZONS)))))
    return build_training_problem(KerasVolatilityRegressor(**SETTINGS | settings), *parts)


def with_settings(problem: TrainingProblem, **settings) -> TrainingProblem:
    return replace(problem, regressor=problem.configure(**settings))


def naive_steps(problem, member, epochs):
    """Yield gradient, clipped gradient and weights of each step of plain SGD, layer by layer."""
    plan, rows = problem.build_plan(), problem.rows
    clipping, rate = plan.optimization.clipping, problem.regressor.learning_rate
    weights = [part[0] for part in draw_initial_weights(plan.architecture, [member.seed])]
    active = ActiveMember(0, member, np.zeros(0, np.float32))
    for _ in range(epochs):
        order = active.draw_order()
        for start in range(0, len(order), member.batch_size):
            batch = order[start : start + member.batch_size]
            variables = [tf.Variable(part) for part in weights]
            with tf.GradientTape() as tape:
                x = rows.inputs[batch]
                for kernel, bias in zip(variables[:-2:2], variables[1:-2:2], strict=True):
                    x = tf.nn.silu(x @ kernel + bias)
                error = rows.target[batch] - rows.anchor[batch] - x @ variables[-2] - variables[-1]
                loss = tf.reduce_mean(tf.exp(error) - error - 1.0)
            gradient = [part.numpy() for part in tape.gradient(loss, variables)]
            if clipping.by == "value":
                bounded = [np.clip(part, -clipping.at, clipping.at) for part in gradient]
            else:
                norms = [np.linalg.norm(part) for part in gradient]
                if clipping.by == "global_norm":
                    norms = [np.linalg.norm(norms)] * len(norms)
                shares = [min(1.0, clipping.at / max(norm, 1e-30)) for norm in norms]
                bounded = [g * share for g, share in zip(gradient, shares, strict=True)]
            yield gradient, bounded, weights
            weights = [w - rate * part for w, part in zip(weights, bounded, strict=True)]


def by_layer(parts):
    """Return the norm of each layer's kernel and bias together."""
    kernels_and_biases = zip(parts[::2], parts[1::2], strict=True)
    return [np.hypot(np.linalg.norm(k), np.linalg.norm(b)) for k, b in kernels_and_biases]
