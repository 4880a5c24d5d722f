"""The baselines by name, and a user's own class."""

import pytest

from volcast.models.baselines.catalogue import BASELINES, make_baseline
from volcast.models.baselines.naive import MonthMean
from volcast.pipeline.config.settings import BaselineSettings


def test_the_settings_accept_every_baseline_and_each_can_be_made():
    assert BaselineSettings(models=tuple(BASELINES)).models == tuple(BASELINES)
    for name in BASELINES:
        assert callable(make_baseline(name).forecast)


def test_a_users_own_class_is_found_in_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "own_models.py").write_text(
        "from volcast.models.baselines.naive import MonthMean\n"
        "class Mine(MonthMean):\n    pass\n"
        "class Half:\n    def fit(self): ...\n"
    )
    monkeypatch.chdir(tmp_path)
    mine = make_baseline("own_models:Mine")
    assert isinstance(mine, MonthMean) and type(mine).__name__ == "Mine"
    with pytest.raises(ValueError, match="own_models:Half has no `fit` and `forecast`"):
        make_baseline("own_models:Half")
    with pytest.raises(
        ValueError, match=r"own_models:None cannot be imported: .* no attribute 'None'"
    ):
        make_baseline("own_models:None")
    with pytest.raises(ValueError, match="no_such_module:X cannot be imported: No module named"):
        make_baseline("no_such_module:X")
    with pytest.raises(ValueError, match="no baseline 'arima'; available: last_value, mean_22"):
        make_baseline("arima")
