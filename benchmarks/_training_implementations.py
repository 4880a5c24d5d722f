"""The same training by scikit-learn, Keras, a hand-written JAX scan, and the engine.

Each `prepare_...` function returns a function that trains for a number of epochs, validates after
each, and keeps the weights of the best. Modules are imported by the one that needs them, so that
each can run in a process of its own.
"""

import importlib
import importlib.util
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

ROWS, HELD_OUT, FEATURES, BATCH, HIDDEN, RATE = 4_000, 800, 12, 32, (64, 32), 1e-3
UNLIMITED_PATIENCE = 10**6
MOMENTS, EPSILON = (0.9, 0.999), 1e-7  # of Adam, as Keras has them
PRODUCTS = 3  # matrix products a weight takes part in: forward, its gradient, that of its input


def simulate_rows(rows: int) -> tuple[Any, Any]:
    """Return inputs (rows, 12) and a target (rows,) that a network can partly learn."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, FEATURES)).astype(np.float32)
    y = x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=rows)
    return x, y.astype(np.float32)


def count_operations() -> float:
    """Return the floating-point operations of an epoch's matrix products, validation included.

    The first layer needs no gradient of its inputs; the optimizer's operations are left out.
    """
    sizes = (FEATURES, *HIDDEN, 1)
    layers = [fan_in * units for fan_in, units in itertools.pairwise(sizes)]
    trained = PRODUCTS * sum(layers) - layers[0]
    return 2.0 * (ROWS * trained + HELD_OUT * sum(layers))


def prepare_sklearn() -> Callable[[int], None]:
    """Return a function that trains an MLPRegressor for a number of epochs."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = simulate_rows(ROWS + HELD_OUT)

    def train(epochs: int) -> None:
        MLPRegressor(
            hidden_layer_sizes=HIDDEN,
            batch_size=BATCH,
            max_iter=epochs,
            early_stopping=True,
            validation_fraction=HELD_OUT / (ROWS + HELD_OUT),
            n_iter_no_change=UNLIMITED_PATIENCE,
        ).fit(x, y)

    return train


def prepare_keras(**compiling: Any) -> Callable[[int], None]:
    """Return a function that trains a compiled Keras model for a number of epochs with `fit`."""
    from volcast.models.backend import keras

    x, y = simulate_rows(ROWS + HELD_OUT)
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            *(keras.layers.Dense(units, "relu") for units in HIDDEN),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(RATE), "mse", **compiling)

    def train(epochs: int) -> None:
        stopping = keras.callbacks.EarlyStopping(
            patience=UNLIMITED_PATIENCE, restore_best_weights=True
        )
        model.fit(
            x[:ROWS],
            y[:ROWS],
            batch_size=BATCH,
            epochs=epochs,
            validation_data=(x[ROWS:], y[ROWS:]),
            callbacks=[stopping],
            verbose=0,
        )

    return train


def has_jax() -> bool:
    """Return whether JAX is installed; it is measured only then."""
    return importlib.util.find_spec("jax") is not None


def prepare_jax(count: int) -> Callable[[int], None]:
    """Return a function that trains several networks with a scan over the steps of an epoch.

    It is what one would write for this network alone: the networks are a mapped axis, an epoch is
    one compiled program, and its rows arrive in random order.
    """
    jax: Any = importlib.import_module("jax")
    jnp = jax.numpy
    x, y = (jnp.asarray(part) for part in simulate_rows(ROWS + HELD_OUT))
    sizes = (FEATURES, *HIDDEN, 1)

    def draw_weights(key: Any) -> Any:
        pairs = zip(jax.random.split(key, len(sizes) - 1), sizes[:-1], sizes[1:], strict=True)
        return [
            (jax.nn.initializers.glorot_uniform()(own, (fan_in, units)), jnp.zeros(units))
            for own, fan_in, units in pairs
        ]

    def compute_loss(weights: Any, inputs: Any, target: Any) -> Any:
        values = inputs
        for kernel, bias in weights[:-1]:
            values = jax.nn.relu(values @ kernel + bias)
        kernel, bias = weights[-1]
        return jnp.mean((target - (values @ kernel + bias)[:, 0]) ** 2)

    def take_step(state: Any, rows: Any) -> Any:
        weights, first, second, done = state
        loss, gradient = jax.value_and_grad(compute_loss)(weights, x[rows], y[rows])
        done = done + 1
        beta1, beta2 = MOMENTS
        rate = RATE * jnp.sqrt(1 - beta2**done) / (1 - beta1**done)
        first = jax.tree.map(lambda m, g: m + (g - m) * (1 - beta1), first, gradient)
        second = jax.tree.map(lambda v, g: v + (g**2 - v) * (1 - beta2), second, gradient)
        weights = jax.tree.map(
            lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), weights, first, second
        )
        return (weights, first, second, done), loss

    def train_epoch(state: Any, order: Any) -> Any:
        state, losses = jax.lax.scan(take_step, state, order.reshape(-1, BATCH))
        return state, losses.mean(), compute_loss(state[0], x[ROWS:], y[ROWS:])

    train_stack = jax.jit(jax.vmap(train_epoch))
    weights = jax.vmap(draw_weights)(jax.random.split(jax.random.PRNGKey(0), count))
    zeros = jax.tree.map(jnp.zeros_like, weights)
    start = weights, zeros, zeros, jnp.zeros(count)
    shuffles = [np.random.default_rng(seed) for seed in range(count)]

    def train(epochs: int) -> None:
        state, lowest, best = start, np.full(count, np.inf), weights
        for _ in range(epochs):
            order = np.stack([rng.permutation(ROWS) for rng in shuffles])
            state, _, loss = train_stack(state, order)
            better = np.asarray(loss) < lowest
            lowest = np.where(better, loss, lowest)
            if better.all():
                best = state[0]
            elif better.any():
                best = jax.tree.map(partial(_choose, better), state[0], best)
        jax.block_until_ready(best)

    return train


def _choose(better: Any, new: Any, old: Any) -> Any:
    """Return the new weights of the networks that are better, the old ones of the others."""
    return np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)


def prepare_engine(count: int) -> Callable[[int], None]:
    """Return a function that trains several members for a number of epochs with the engine."""
    from volcast.models.engine.member_groups import Member
    from volcast.models.engine.training import train

    rows = build_engine_rows(ROWS + HELD_OUT)
    parts = np.arange(ROWS), np.arange(ROWS, ROWS + HELD_OUT)
    members = [Member(seed, *parts, RATE, BATCH) for seed in range(count)]

    def train_members(epochs: int) -> None:
        train(rows, members, build_engine_plan(epochs, UNLIMITED_PATIENCE))

    return train_members


def build_engine_rows(count: int) -> Any:
    """Return the simulated rows in the form that the engine takes."""
    from volcast.models.engine.rows import Rows

    x, y = simulate_rows(count)
    return Rows.copy(x, np.zeros((count, 1), np.float32), y[:, None])


def build_engine_plan(epochs: int, patience: int) -> Any:
    """Return the training plan of the network that all implementations train."""
    from volcast.models.engine.optimization import Optimization
    from volcast.models.engine.stacked_network import Architecture
    from volcast.models.engine.training import TrainingPlan

    network = Architecture(FEATURES, 1, HIDDEN, "relu")
    return TrainingPlan(network, Optimization(loss="mse"), epochs=epochs, patience=patience)


# By name: what prepares the training, the networks it trains, and the epochs that are timed.
IMPLEMENTATIONS: dict[str, tuple[Callable[[], Callable[[int], None]], int, int]] = {
    "sklearn": (prepare_sklearn, 1, 20),
    "keras_fit": (prepare_keras, 1, 10),
    "keras_fit_compiled": (
        partial(prepare_keras, jit_compile=True, steps_per_execution=ROWS // BATCH),
        1,
        10,
    ),
    "jax_1": (partial(prepare_jax, 1), 1, 100),
    "engine_1": (partial(prepare_engine, 1), 1, 100),
    "jax_8": (partial(prepare_jax, 8), 8, 50),
    "engine_8": (partial(prepare_engine, 8), 8, 50),
    "jax_32": (partial(prepare_jax, 32), 32, 30),
    "engine_32": (partial(prepare_engine, 32), 32, 30),
    "engine_128": (partial(prepare_engine, 128), 128, 15),
}


def list_implementations() -> list[str]:
    """Return those whose packages are installed."""
    return [name for name in IMPLEMENTATIONS if has_jax() or not name.startswith("jax")]
