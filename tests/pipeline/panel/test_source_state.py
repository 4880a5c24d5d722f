"""When a download is skipped, and what makes it run again."""

import pandas as pd

from tests.pipeline.data.intraday_samples import make_intraday
from tests.pipeline.panel.samples import config_of, written
from tests.pipeline.samples import make_prices, volcast, write_config, write_csv
from volcast.pipeline.backtest.run_folder import EVENTS
from volcast.pipeline.config.load import load_config
from volcast.pipeline.events.client import build_answer
from volcast.pipeline.events.stored_events import open_event_store
from volcast.pipeline.files import read_frame
from volcast.pipeline.panel.source_state import compute_source_state, is_due


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


def test_a_changed_file_of_report_dates_is_read_again(tmp_path):
    prices, dates = tmp_path / "prices.csv", tmp_path / "dates.csv"
    write_csv(prices, make_prices(sessions=300))
    data = f'[data]\nsource = "files"\npath = "{prices}"\nevents = "{dates}"\n'
    config, out = write_config(tmp_path / "dates.toml", f"\n{data}"), tmp_path / "run"
    dates.write_text("ticker,date\nAAA,2015-05-05\n")
    assert "unchanged" not in volcast("download", out, "--config", config).err
    assert "download: unchanged, skipped" in volcast("download", out, "--config", config).err
    dates.write_text("ticker,date\nAAA,2015-05-12\n")
    assert "unchanged" not in volcast("download", out, "--config", config).err
    assert str(read_frame(out / EVENTS)["date"].iloc[0].date()) == "2015-05-12"


def test_what_a_source_of_dates_answered_is_read_once_and_new_answers_again(tmp_path):
    data = {"source": "sample", "events": "yahoo", "dir": str(tmp_path)}
    config = load_config(None, {"data": data})
    store = open_event_store("yahoo", config.data)
    states = []
    for day in ("2026-02-05", "2026-02-05", "2026-02-12"):
        now = pd.Timestamp("2026-01-20", tz="UTC") + pd.Timedelta(days=len(states))
        rows = [{"date": day, "learnt_at": "2026-01-20T12:00Z"}]
        store.record("AAA", build_answer("yahoo", "AAA", rows), now.to_pydatetime())
        states.append(compute_source_state(config, now.to_pydatetime()))
    assert states[0] == states[1] != states[2]
    assert not is_due(states[2])
