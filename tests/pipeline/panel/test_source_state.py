"""When a download is skipped, and what makes it run again."""

import pandas as pd

from tests.pipeline.data.intraday_samples import make_intraday
from tests.pipeline.panel.samples import config_of, written
from tests.pipeline.samples import volcast
from volcast.pipeline.config.load import load_config
from volcast.pipeline.panel.source_state import compute_source_state


def test_a_changed_intraday_file_is_read_again(tmp_path):
    folder = tmp_path / "minutes"
    written(folder, make_intraday())
    config, out = config_of(tmp_path, folder), tmp_path / "run"
    assert "unchanged" not in volcast("download", out, "--config", config).err
    assert "download: unchanged, skipped" in volcast("download", out, "--config", config).err
    written(folder, make_intraday(seed=1))
    assert "unchanged" not in volcast("download", out, "--config", config).err


def test_a_brought_source_is_asked_again_once_another_session_has_settled(installed):
    installed("one", "", "theirs = one:S")
    config = load_config(None, {"data": {"source": "theirs"}})
    times = ("2024-01-31 16:59", "2024-01-31 17:00", "2024-02-01 16:59")
    before, after, later = (
        compute_source_state(config, pd.Timestamp(time, tz="America/New_York")) for time in times
    )
    assert before != after == later
