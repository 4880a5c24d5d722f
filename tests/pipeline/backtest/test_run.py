import json
import shutil

import pytest
from filelock import FileLock

from tests.pipeline.samples import volcast
from volcast.pipeline.backtest.run import STAGES
from volcast.pipeline.backtest.run_folder import CONFIG, FEATURES, FORECASTS, MANIFEST, MODEL
from volcast.pipeline.files import LOCK, UNFINISHED, hash_path

NAMES = [stage.name for stage in STAGES]
FILES = {
    *("manifest.json", "config.toml", "bars.parquet", "quality.csv", "features.arrow", "model"),
    *("history.csv", "forecasts.parquet", "scores.csv", "steps.csv", "risk.csv"),
    *("report.html", "report.md", "diagnosis", "events.parquet", "series.parquet"),
}


def done(answer) -> list[str]:
    """The stages that a run worked on; the others said that they were skipped."""
    assert answer.code == 0, answer.err
    said = [line for line in answer.err.splitlines() if not line.startswith(" ")]
    worked = [line for line in said if line in NAMES]
    skipped = [f"{name}: unchanged, skipped" for name in NAMES if name not in worked]
    assert sorted(said) == sorted(worked + skipped)
    return worked


def same(one, other, name=FORECASTS) -> bool:
    return (one / name).read_bytes() == (other / name).read_bytes()


@pytest.fixture
def again(small, run_dir):
    return lambda *options: volcast("run", "--config", small, "--out", run_dir, *options)


def test_a_finished_run_holds_these_files_and_nothing_unfinished(finished):
    files = {path.name for path in finished.iterdir()}
    assert files - {LOCK} == FILES
    assert not list(finished.rglob(f"*{UNFINISHED}"))


def test_the_manifest_records_what_each_stage_read_and_wrote(finished):
    manifest = json.loads((finished / MANIFEST).read_text())
    assert list(manifest["stages"]) == sorted(NAMES)
    for stage in STAGES:
        record = manifest["stages"][stage.name]
        assert record["inputs"] == {name: hash_path(finished / name) for name in stage.reads}
        assert record["outputs"] == {n: hash_path(finished / n) for n in stage.writes}
        assert None not in record["outputs"].values()


def test_a_second_run_skips_every_stage_and_says_so(again, run_dir, finished):
    before = {path: path.stat().st_mtime_ns for path in run_dir.rglob("*.*") if path.is_file()}
    assert done(again()) == []
    after = {path: path.stat().st_mtime_ns for path in before}
    written = {path.name for path in before if before[path] != after[path]}
    assert written <= {CONFIG, LOCK}


def test_a_new_learning_rate_trains_again_and_does_not_download(again, run_dir, finished):
    assert done(again("--learning-rate", "0.02")) == ["train", "evaluate", "diagnose", "report"]
    assert not same(run_dir, finished)
    assert same(run_dir, finished, FEATURES)
    assert done(again()) == ["train", "evaluate", "diagnose", "report"]
    assert same(run_dir, finished)


def test_a_new_interval_only_evaluates_and_reports(again, run_dir, small, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(small.read_text() + "\n[report]\ninterval = 0.8\n")
    assert done(volcast("run", "--config", other, "--out", run_dir)) == ["evaluate", "report"]


@pytest.mark.slow
def test_a_new_horizon_rebuilds_the_features(again):
    worked = ["features", "train", "evaluate", "diagnose", "report"]
    assert done(again("--horizon", "1")) == worked


def test_new_prices_are_downloaded(again, run_dir, small, tmp_path, prices, finished):
    data = tmp_path / "prices.csv"
    data.write_text("".join(prices.read_text().splitlines(keepends=True)[:-1]))
    assert done(again("--data", data)) == NAMES
    assert not same(run_dir, finished)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *((name, "truncate") for stage in STAGES for name in stage.writes if "." in name),
        *(("bars.parquet", "delete"), ("features.arrow", "garbage"), ("scores.csv", "delete")),
    ],
)
def test_a_damaged_output_is_made_again(again, run_dir, finished, name, damage):
    path = run_dir / name
    if damage == "delete":
        path.unlink()
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if damage == "truncate" else b"garbage")
    maker = next(stage.name for stage in STAGES if name in stage.writes)
    worked = done(again())
    assert maker in worked
    assert NAMES.index(worked[0]) == NAMES.index(maker)
    assert same(run_dir, finished)
    if name not in ("report.html", "report.md"):
        assert same(run_dir, finished, name)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *(("network.keras", "delete"), ("network.keras", "garbage"), ("regressor.json", "delete")),
        *(("history.csv", "garbage"), ("forecasts.parquet", "garbage"), ("fold.json", "garbage")),
    ],
)
def test_a_damaged_fold_is_trained_again_and_the_other_kept(run_dir, finished, name, damage):
    first, second = (run_dir / MODEL / f"fold-{number:03d}" for number in (0, 1))
    kept = (first / "network.keras").stat().st_mtime_ns
    path = second / name
    path.unlink() if damage == "delete" else path.write_text("garbage")
    answer = volcast("train", run_dir)
    assert done_alone(answer) == "train"
    assert "fold 2/2" in answer.err and "fold 1/2" not in answer.err
    assert "reusing 1 finished folds" in answer.err
    assert (first / "network.keras").stat().st_mtime_ns == kept
    assert path.exists() and path.read_bytes() != b"garbage"
    volcast("evaluate", run_dir)
    assert same(run_dir, finished)


def test_foreign_files_among_the_models_go(run_dir):
    (run_dir / MODEL / "fold-007").mkdir()
    (run_dir / MODEL / "notes.txt").write_text("mine")
    assert done_alone(volcast("train", run_dir)) == "train"
    assert {path.name for path in (run_dir / MODEL).iterdir()} == {"fold-000", "fold-001"}


def test_the_stages_one_by_one_make_what_a_run_makes(small, tmp_path, finished):
    folder = tmp_path / "run"
    assert done_alone(volcast("download", folder, "--config", small)) == "download"
    for name in NAMES[1:]:
        assert done_alone(volcast(*command_of(name), folder)) == name
    assert same(folder, finished)
    assert done(volcast("run", "--config", small, "--out", folder)) == []


def command_of(name) -> list[str]:
    stage = next(stage for stage in STAGES if stage.name == name)
    return (stage.command or stage.name).split()


def done_alone(answer) -> str:
    assert answer.code == 0, answer.err
    return answer.err.splitlines()[0]


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_stage_alone_refuses_what_an_unfinished_stage_left(run_dir, name):
    before = NAMES[NAMES.index(name) - 1]
    stage = next(stage for stage in STAGES if stage.name == before)
    path = run_dir / stage.writes[0]
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.write_bytes(b"half")
    said = volcast(*command_of(name), run_dir).complaint
    assert f"{name} needs the stage {before}, which is not finished" in said
    assert f"`volcast {' '.join(command_of(before))} {run_dir}`" in said


def test_a_stage_alone_refuses_results_of_other_settings(run_dir):
    config = run_dir / CONFIG
    config.write_text(config.read_text().replace("epochs = 3 ", "epochs = 4 "))
    assert "report needs the stage train" in volcast("report", run_dir).complaint


def test_two_runs_in_one_folder_the_second_is_refused(again, run_dir):
    with FileLock(run_dir / LOCK):
        said = again().complaint
    assert said == f"{run_dir} is in use by another volcast process; " + (
        "wait for it, or choose another folder"
    )
    assert done(again()) == []


def test_a_failed_download_leaves_the_run_that_was_there(again, run_dir, finished):
    before = {path: path.read_bytes() for path in run_dir.rglob("*") if path.is_file()}
    assert "NOPE" in again("--ticker", "NOPE").complaint
    assert {path: path.read_bytes() for path in run_dir.rglob("*") if path.is_file()} == before
