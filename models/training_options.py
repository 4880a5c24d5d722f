"""The names of the training settings, each declared once; importing this file is instant.

The regressor, the engine, the diagnostics, the settings file and the command line all read these
tables. To add an optimizer, add an entry to `OPTIMIZERS`.

Examples
--------
>>> OPTIMIZERS["nesterov"]
('SGD', {'momentum': 0.9, 'nesterov': True})
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

MOMENTUM = 0.9  # the usual value; Goodfellow, Bengio & Courville (2016), section 8.3.2

# Name: the class in keras.optimizers, and its arguments other than the learning rate.
OPTIMIZERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "rmsprop": ("RMSprop", {}),
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": MOMENTUM}),
    "nesterov": ("SGD", {"momentum": MOMENTUM, "nesterov": True}),
}
ScheduleName = Literal["constant", "cosine", "exponential", "plateau"]
SCHEDULES: tuple[str, ...] = get_args(ScheduleName)
ClippingName = Literal["none", "value", "norm", "global_norm"]
CLIPPINGS: tuple[str, ...] = get_args(ClippingName)
InitialisationName = Literal["glorot", "he"]
INITIALISATIONS: tuple[str, ...] = get_args(InitialisationName)
# Of Keras; `regressor/numpy_network.py` has their formulas.
ACTIVATIONS = ("swish", "relu", "tanh", "sigmoid", "elu", "gelu", "selu", "softplus")
LOSSES = ("qlike", "mse", "mae", "huber", "log_cosh")  # the regressor takes any loss of Keras
