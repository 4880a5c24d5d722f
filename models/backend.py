"""Keras on TensorFlow, imported in one place and quiet."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere for a while.

    TensorFlow's C++ side reports its build and the absence of a GPU while it is being imported,
    before any log level can be set; Python errors still surface, as exceptions.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


with _quiet_stderr():
    import keras
    import tensorflow as tf

# It warns of "retracing" when networks of several shapes are trained; each needs its own program.
tf.get_logger().setLevel("ERROR")
# On a GPU the same digits as elsewhere, as far as it goes: products in full float32.
tf.config.experimental.enable_tensor_float_32_execution(False)

__all__ = ["keras", "tf"]
