"""What each feature computes today, so that no stored network meets other inputs unnoticed.

The golden file is written by python -m tests.features.test_definitions.
"""

import json
from pathlib import Path

import numpy as np

from tests.features.samples import SERIES, random_bars
from volcast.features.definitions import DEFINITIONS
from volcast.features.registry import FEATURES, compute_features, name_series_features

GOLDEN = Path(__file__).with_name("definitions.json")


def summarise_features() -> dict[str, list[float]]:
    """Return the number, the mean, the deviation and a sum by place of the values of each."""
    names = (*FEATURES, *name_series_features(SERIES[:1]))
    found = {}
    for name, values in zip(names, compute_features(random_bars(), names), strict=True):
        known = np.isfinite(values)
        place = np.cos(np.arange(values.size)).reshape(values.shape)
        chosen = values[known]
        by_place = float((chosen * place[known]).mean())
        found[name] = [int(known.sum()), float(chosen.mean()), float(chosen.std()), by_place]
    return found


def test_features_compute_what_their_version_says():
    """If this fails on purpose, raise DEFINITIONS and write the golden file again."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = summarise_features()
    assert golden["definitions"] == DEFINITIONS
    changed = [
        name
        for name, values in golden["features"].items()
        if name not in found or not np.allclose(found[name], values, rtol=1e-6, atol=1e-9)
    ]
    assert not changed, f"changed without a new version in features/definitions.py: {changed}"
    assert set(found) == set(golden["features"]), "write the golden file again"


if __name__ == "__main__":
    summary = {
        name: [float(f"{v:.10g}") for v in values] for name, values in summarise_features().items()
    }
    content = {"definitions": DEFINITIONS, "features": summary}
    GOLDEN.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
