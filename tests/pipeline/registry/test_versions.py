"""Two versions compared."""

from tests.pipeline.registry.samples import NEEDS_MLFLOW, NOW, facts, model_folder
from volcast.pipeline.registry.versions import compare_versions

pytestmark = NEEDS_MLFLOW


def test_versions_are_compared_by_all_metrics_and_the_settings_that_differ(three, tmp_path):
    other = facts("other", parameters={"model.learning_rate": 0.01, "model.hidden": (32, 16)})
    version = three.register(model_folder(tmp_path / "other", "o"), other, now=NOW)
    rows = compare_versions(three.version(2), version).set_index("name")
    assert rows.loc["backtest_qlike_1", ["one", "other"]].tolist() == [0.2, 0.5]
    assert rows.loc["model.learning_rate", ["one", "other"]].tolist() == ["0.001", "0.01"]
    assert "model.hidden" not in rows.index and "data_hash" not in rows.index
