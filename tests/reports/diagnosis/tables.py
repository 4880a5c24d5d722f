"""Made-up tables of the diagnostics of gradients and landscape, as their documents say."""

from __future__ import annotations

import numpy as np
import pandas as pd

EPOCHS, LAYERS, MEMBERS = 4, 3, 2


def make_flow(networks=("configured", "relu, he"), **changes) -> dict[str, pd.DataFrame]:
    """Return a healthy flow; `changes` are columns of `epochs`, `layers` or `networks`."""
    epochs, layers = [], []
    for network in networks:
        for member in range(MEMBERS):
            for epoch in range(1, EPOCHS + 1):
                key = {"network": network, "member": member, "epoch": epoch}
                epochs.append(
                    {
                        **key,
                        "train_loss": 0.3 - 0.01 * epoch,
                        "val_loss": 0.4 - 0.01 * epoch,
                        "gradient_start": 0.2,
                        "gradient_norm": 0.5,
                        "gradient_peak": 2.0,
                        "first_to_last": 0.8,
                        "clipped_share": 0.25 if epoch == 1 else 0.0,
                        "kept_share": 0.6 if epoch == 1 else np.nan,
                        "finite_share": 1.0,
                    }
                )
                layers += [
                    {
                        **key,
                        "layer": layer,
                        "place": "hidden" if layer < LAYERS else "output",
                        "gradient_norm": 0.1 * layer,
                        "gradient_rms": 0.01 * layer,
                        "update_share": 0.001 * layer,
                        "clipped_share": 0.0,
                        "kept_share": np.nan,
                        "dead_share": 0.0 if layer < LAYERS else np.nan,
                        "saturated_share": np.nan,
                    }
                    for layer in range(1, LAYERS + 1)
                ]
    table = {
        "layers": "8 4", "activation": "swish", "initialisation": "glorot", "optimizer": "adam",
        "learning_rate": 0.01, "clipping": "norm", "clip_at": 1.0, "members": MEMBERS, "steps": 5,
        "epochs": EPOCHS,
    }  # fmt: skip
    tables = {
        "networks": pd.DataFrame([{"network": network, **table} for network in networks]),
        "epochs": pd.DataFrame(epochs),
        "layers": pd.DataFrame(layers),
    }
    for column, value in changes.items():
        for frame in tables.values():
            if column in frame:
                frame.loc[frame["network"] == "configured", column] = value
    return tables


def make_check(errors=(1e-10, 1e-10, 1e-10, 1e-10, 1e-10), kinks=0) -> dict[str, pd.DataFrame]:
    """Return the loss and the kernels and biases of two layers with these relative errors."""
    parts = pd.DataFrame(
        {
            "part": ["loss", "kernel", "bias", "kernel", "bias"],
            "layer": [0, 1, 1, 2, 2],
            "size": 100,
            "entries": 20,
            "kinks": kinks,
            "gradient_norm": 1.0,
            "relative_error": errors,
            "worst_error": errors,
            "rounding": 1e-10,
        }
    )
    return {"parts": parts}


def make_landscape(size=11, rates=(0.01, 0.003, 0.03)) -> dict[str, pd.DataFrame]:
    """Return bowls, the train one's lowest point at (0.9, 0), and straight paths towards it."""
    surfaces, paths = [], []
    axis = np.linspace(-2, 2, size)
    x, y = (part.ravel() for part in np.meshgrid(axis, axis))
    lowest = {"training": 0.9, "validation": 0.3}

    def bowl(part, x, y):
        return 0.2 + 0.1 * (x - lowest[part]) ** 2 + 0.05 * y**2

    for plane, shown in (("random", rates[:1]), ("path", rates[:1]), ("rates", rates)):
        for part in lowest:
            table = {"plane": plane, "part": part, "x": x, "y": y, "loss": bowl(part, x, y)}
            surfaces.append(pd.DataFrame(table))
        for rate in shown:
            places = np.linspace(-1.0, 0.5 * rate / rates[0], 4)
            path = {
                "plane": plane, "learning_rate": rate, "epoch": range(4), "x": places, "y": 0.0,
                "distance": 0.1, "centre": (np.arange(4) == 2) & (rate == rates[0]),
            }  # fmt: skip
            for part in lowest:
                path[f"{part}_loss"] = bowl(part, places, 0.0) + 0.01
                path[f"{part}_loss_on_plane"] = bowl(part, places, 0.0)
            paths.append(pd.DataFrame(path))
    planes = {
        "plane": ["random", "path", "rates"],
        "share": [0.001, 0.95, 0.8],
        "training_rows": 2000,
        "validation_rows": 300,
    }
    return {
        "surface": pd.concat(surfaces, ignore_index=True),
        "path": pd.concat(paths, ignore_index=True),
        "planes": pd.DataFrame(planes),
    }
