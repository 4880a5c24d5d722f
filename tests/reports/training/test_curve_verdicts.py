import numpy as np
import pandas as pd
import pytest

from tests.reports.synthetic import make_history
from volcast.reports.training.curve_verdicts import judge_folds, summarise_verdicts

START = 0.3
CAP = 100


def make_curve(val, train, *, epochs=40, noise=0.004, seed=0, members=4):
    """Return a history of one fold; `val` and `train` give the change in shares of the start."""
    rng = np.random.default_rng(seed)
    epoch = np.arange(epochs + 1)
    frames = []
    for member in range(members):
        jitter = noise * rng.standard_normal((2, epochs + 1))
        jitter[:, 0] = 0
        frames.append(
            pd.DataFrame(
                {
                    "fold": 0,
                    "member": member,
                    "epoch": epoch,
                    "train_loss": START * (1 + train(epoch) + 0.3 * jitter[0]),
                    "val_loss": START * (1 + val(epoch) + jitter[1]),
                    "learning_rate": 0.001,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def stop_early(history, patience):
    """Return the history cut `patience` epochs after each member's best validation loss."""
    kept = []
    for _, member in history.groupby("member"):
        epoch = member["epoch"].to_numpy()
        is_best = member["val_loss"].cummin().eq(member["val_loss"]).to_numpy()
        since_best = epoch - np.maximum.accumulate(np.where(is_best, epoch, 0))
        over = np.flatnonzero(since_best >= patience)
        kept.append(member.iloc[: over[0] + 1] if len(over) else member)
    return pd.concat(kept, ignore_index=True)


def settling(gain, tau=4.0):
    return lambda epoch: -gain * (1 - np.exp(-epoch / tau))


def learning(epoch):
    return settling(0.1)(epoch) - 0.002 * epoch


def verdict_of(history, cap=CAP):
    return judge_folds(history, cap).iloc[0]


CASES = {
    "diverging": (lambda e: 1.3**e - 1, lambda e: 1.3**e - 1, {"epochs": 10}),
    "oscillating": (lambda e: -0.02 * (e > 0), lambda e: -0.05 * (e > 0), {"noise": 0.12}),
    "underfitting": (lambda e: 0 * e, lambda e: -0.0001 * e, {}),
    "overfitting": (lambda e: settling(0.08, 3)(e) + 0.004 * np.maximum(e - 8, 0), learning, {}),
    "converged": (settling(0.08), learning, {}),
    "worse than HAR start": (lambda e: 0.004 * e, learning, {}),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("members", [1, 6])
def test_each_made_curve_gets_its_verdict(name, members):
    val, train, options = CASES[name]
    right = [
        verdict_of(make_curve(val, train, seed=seed, members=members, **options))["verdict"] == name
        for seed in range(20)
    ]
    assert np.mean(right) >= 0.8


def test_a_curve_that_still_falls_at_the_cap_differs_from_one_that_has_settled():
    falling = make_curve(settling(0.15, 30), learning, noise=0.002)
    assert verdict_of(falling, cap=40)["verdict"] == "still improving at the cap"
    assert verdict_of(falling, cap=100)["verdict"] == "converged"
    assert verdict_of(make_curve(settling(0.15), learning), cap=40)["verdict"] == "converged"


@pytest.mark.parametrize("noise", [0.0, 0.002, 0.005, 0.01])
@pytest.mark.parametrize("patience", [5, 10, 20])
@pytest.mark.parametrize("members", [1, 5])
def test_healthy_curves_stopped_early_raise_no_alarm(noise, patience, members):
    found = [
        verdict_of(
            stop_early(
                make_curve(
                    settling(0.05), learning, epochs=100, noise=noise, seed=seed, members=members
                ),
                patience,
            )
        )["verdict"]
        for seed in range(25)
    ]
    assert found.count("converged") >= 24


def test_one_loss_that_is_not_finite_is_diverging():
    history = make_curve(settling(0.08), learning)
    history.loc[5, "val_loss"] = np.nan
    row = verdict_of(history)
    assert row["verdict"] == "diverging"
    assert "25% of the members" in row["words"]
    history.loc[5, "val_loss"] = np.inf
    assert verdict_of(history)["verdict"] == "diverging"


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_verdicts_do_not_depend_on_the_unit_of_the_loss(unit):
    for val, train, options in CASES.values():
        history = make_curve(val, train, **options)
        scaled = history.assign(
            val_loss=unit * history["val_loss"], train_loss=unit * history["train_loss"]
        )
        assert verdict_of(scaled)["verdict"] == verdict_of(history)["verdict"]


def test_the_numbers_are_shares_of_the_har_start():
    row = verdict_of(make_curve(settling(0.08, 1), learning, noise=0.0))
    assert row["gain_vs_har_pct"] == pytest.approx(8.0, abs=0.01)
    assert row["noise_pct"] == pytest.approx(0.0, abs=0.01)
    assert row["members"] == 4
    assert row["epochs"] == 40
    assert row["learning_rate"] == 0.001


def test_overfitting_names_the_epoch_from_which():
    val, train, _ = CASES["overfitting"]
    row = verdict_of(make_curve(val, train, noise=0.0))
    assert f"after epoch {row['best_epoch']}" in row["words"]
    assert row["best_epoch"] == pytest.approx(8, abs=2)


@pytest.mark.parametrize("epochs", [0, 1, 2, 3])
def test_very_short_curves_get_a_verdict(epochs):
    assert verdict_of(make_curve(settling(0.05), learning, epochs=epochs))["words"]


def test_there_is_a_row_a_fold_and_the_summary_counts_them():
    table = judge_folds(make_history(folds=5), max_epochs=60)
    assert table["fold"].tolist() == [0, 1, 2, 3, 4]
    assert summarise_verdicts(table).startswith("Of 5 folds: 5 converged;")


def test_no_history_gives_an_empty_table_and_a_sentence():
    table = judge_folds(make_history().head(0), 10)
    assert table.empty
    assert summarise_verdicts(table) == "No training curve was recorded."
