"""The Python shown in the documents runs as it stands."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def regressor_rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 4)), columns=["har_1", "har_5", "har_22", "other"])
    return {"X": X, "variance_ahead": np.exp(X["har_1"] + rng.normal(size=300))}


def engine_rows():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(4800, 12)).astype(np.float32)
    return {"inputs": inputs, "anchor": inputs[:, :1], "target": 0.5 * inputs[:, :1]}


@pytest.mark.parametrize(
    ("document", "given"), [("README.md", regressor_rows), ("docs/engine.md", engine_rows)]
)
def test_the_python_of_a_document_runs(document, given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = PYTHON.findall((ROOT / document).read_text(encoding="utf-8"))
    names = given()
    exec(compile(block, document, "exec"), names)
    if document == "README.md":
        assert np.isfinite(names["model"].history_["val_loss"][0]).all()
        assert (tmp_path / "my-model" / "network.keras").is_file()
    else:
        assert names["trained"].val_loss.shape[1] == 24
        assert names["trained"].best_epoch.max() > 0
