"""Progress on a terminal, in a pipe, and if quiet."""

import io
import re

from rich.console import Console

from volcast.pipeline.backtest.folds import build_folds
from volcast.pipeline.backtest.walk_forward import run_fold
from volcast.pipeline.config.load import load_config
from volcast.pipeline.panel.panel_table import read_panel
from volcast.pipeline.progress import (
    BarProgress,
    PlainProgress,
    Progress,
    format_duration,
    make_progress,
)


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120, _environ={})


def show(progress: Progress) -> str:
    with progress.running():
        progress.stage("train")
        progress.fold(1, 4, "2020-01-02")
        progress.epoch(7, 0.25, 0.125)
        if isinstance(progress, BarProgress):
            progress._live.refresh()
        progress.note("done [red] well")
    return progress.console.file.getvalue() if isinstance(progress, PlainProgress) else ""


def test_a_terminal_shows_a_bar_with_fold_epoch_and_losses():
    text = show(make_progress(console(terminal=True), quiet=False))
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    assert "fold 2/4 (2020-01-02)" in plain
    assert "epoch 7: train 0.2500, validation 0.1250" in plain
    assert re.search("[━╸╺]{10}", plain)
    assert "done [red] well" in plain


def test_a_pipe_gets_plain_lines_with_stage_and_fold():
    text = show(make_progress(console(terminal=False), quiet=False))
    assert text == "train\n  fold 2/4, tested from 2020-01-02\n  done [red] well\n"


def count(progress: Progress, total: int) -> str:
    with progress.running():
        progress.stage("updating")
        for done in range(1, total + 1):
            progress.count(done, total, f"T{done}", (total - done) * 10.0)
        if isinstance(progress, BarProgress):
            progress._live.refresh()
    return progress.console.file.getvalue() if isinstance(progress, PlainProgress) else ""


def test_a_pipe_gets_a_line_for_each_tenth_of_a_long_list_with_the_time_expected():
    lines = count(make_progress(console(terminal=False), quiet=False), 50).splitlines()
    assert lines[1:3] == ["  5/50, 8 min left", "  10/50, 7 min left"]
    assert len(lines) == 10
    assert count(make_progress(console(terminal=False), quiet=False), 5) == "updating\n"


def test_a_terminal_shows_a_bar_with_the_latest_and_the_time_expected():
    text = count(make_progress(console(terminal=True), quiet=False), 50)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    assert "50/50" in plain and "T50, 0 s left" in plain


def test_items_are_counted_as_they_are_finished():
    shown: list[tuple[int, int, str]] = []

    class Recorder(Progress):
        def count(self, done, total, latest, seconds_left):
            shown.append((done, total, latest))
            assert seconds_left >= 0.0

    tracked = Recorder().track([7, 8], 2, lambda item: f"item {item}")
    assert next(tracked) == 7 and shown == []
    assert list(tracked) == [8]
    assert shown == [(1, 2, "item 7"), (2, 2, "item 8")]


def test_folds_that_are_counted_anew_have_no_estimate():
    progress = PlainProgress(console(terminal=False))
    for number in (0, 0):
        progress.fold(number, 2, "2020-01-02")
    assert progress.console.file.getvalue() == "  fold 1/2, tested from 2020-01-02\n" * 2


def test_long_folds_say_how_long_the_others_will_take(monkeypatch):
    now = iter((100.0, 160.0, 400.0))
    monkeypatch.setattr("volcast.pipeline.progress.time.monotonic", lambda: next(now))
    progress = make_progress(console(terminal=False), quiet=False)
    progress.stage("train")
    for number in (1, 2, 3):  # the first one was finished by an earlier run
        progress.fold(number, 4, "2020-01-02")
    lines = progress.console.file.getvalue().splitlines()[1:]
    assert [line.partition("2020-01-02")[2] for line in lines] == [
        "",
        ", 2 min left",
        ", 2 min left",
    ]


def test_durations_are_in_seconds_minutes_or_hours():
    assert [format_duration(x) for x in (0, 89, 90, 5399, 5400, 36000)] == [
        *("0 s", "89 s", "2 min", "90 min", "2 h", "10 h"),
    ]


def test_quiet_shows_nothing():
    for terminal in (True, False):
        out = console(terminal)
        show(make_progress(out, quiet=True))
        assert out.file.getvalue() == ""


def test_long_lines_of_a_pipe_are_not_wrapped():
    out = console(terminal=False)
    make_progress(out, quiet=False).note("word " * 100)
    assert out.file.getvalue().count("\n") == 1


def test_run_fold_reports_each_epoch(finished):
    epochs = []

    class Listening(Progress):
        def epoch(self, epoch, train_loss, val_loss):
            epochs.append((epoch, train_loss > 0, val_loss > 0))

    config, panel = load_config(finished / "config.toml"), read_panel(finished / "features.arrow")
    run_fold(panel, build_folds(panel, config)[0], config, Listening())
    assert epochs == [(1, True, True), (2, True, True), (3, True, True)]
