"""The Python shown in the documents runs as it stands."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.models.samples import LAST_KNOWN, SPLIT, assert_no_look_ahead, make_sample
from tests.pipeline.samples import make_prices
from tests.reports import synthetic
from volcast.models.baselines.catalogue import make_baseline
from volcast.reports.scoring.scored_rows import scored_rows

ROOT = Path(__file__).parent.parent
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def regressor_rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 4)), columns=["har_1", "har_5", "har_22", "other"])
    return {"X": X, "variance_ahead": np.exp(X["har_1"] + rng.normal(size=300))}


def prices():
    return {"frame": make_prices("SPY").drop(columns="ticker")}


def engine_rows():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(4800, 12)).astype(np.float32)
    return {"inputs": inputs, "anchor": inputs[:, :1], "target": 0.5 * inputs[:, :1]}


@pytest.mark.parametrize(
    ("document", "given"), [("README.md", regressor_rows), ("docs/engine.md", engine_rows)]
)
def test_the_python_of_a_document_runs(document, given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    block = PYTHON.findall((ROOT / document).read_text(encoding="utf-8"))[-1]
    names = given()
    exec(compile(block, document, "exec"), names)
    if document == "README.md":
        assert np.isfinite(names["model"].history_["val_loss"][0]).all()
        assert (tmp_path / "my-model" / "network.keras").is_file()
    else:
        assert names["trained"].val_loss.shape[1] == 24
        assert names["trained"].best_epoch.max() > 0


def test_the_forecast_of_the_readme_runs(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names = prices()
    names["frame"]["date"] += pd.Timedelta(days=700)  # after the newest shipped network
    block = PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8"))[0]
    exec(compile(block, "README.md", "exec"), names)
    rows = names["result"].forecasts
    assert rows["ticker"].tolist() == ["SPY"] * 3 and rows["volatility"].gt(0).all()


def contributing_block(text):
    """The one block of CONTRIBUTING.md that has the text."""
    blocks = PYTHON.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    (block,) = (block for block in blocks if text in block)
    return block


def test_the_model_of_the_contributors_guide_looks_at_the_past_alone(tmp_path, monkeypatch):
    (tmp_path / "year_mean.py").write_text(contributing_block("class YearMean"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    sample = make_sample()
    assert_no_look_ahead(lambda: make_baseline("year_mean:YearMean"), sample, LAST_KNOWN)
    fitted = make_baseline("year_mean:YearMean").fit(sample, SPLIT)
    newest = fitted.forecast(sample, slice(400, 401))[0, 0]
    np.testing.assert_allclose(newest, sample.variance[151:401, 0].mean())


def test_the_section_of_the_contributors_guide_is_built():
    names = {}
    exec(contributing_block("def build_section"), names)
    inputs = synthetic.make_inputs(synthetic.make_forecasts(), synthetic.make_history())
    section = names["build_section"](inputs)
    scored = sum(len(scored_rows(part)) for _, part in inputs.forecasts.groupby("horizon"))
    assert f"{scored:,} forecasts were scored." in str(section.blocks)
