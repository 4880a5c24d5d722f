"""Keras on TensorFlow, imported in one place and without its start-up messages."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Redirect file descriptor 2 to the null device.

    TensorFlow's C++ code reports its build and the absence of a GPU during the import, before any
    log level can be set; Python errors are still raised as exceptions.
    """
    stderr = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(null)
        os.close(stderr)


with _quiet_stderr():
    import keras
    import tensorflow as tf

# It warns of "retracing" if networks of several shapes are trained; each needs its own program.
tf.get_logger().setLevel("ERROR")
# Products in full float32 on a GPU, so that results are as close as possible to a CPU's.
tf.config.experimental.enable_tensor_float_32_execution(False)

__all__ = ["keras", "tf"]
