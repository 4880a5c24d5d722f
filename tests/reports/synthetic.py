"""Synthetic forecasts, curves and inputs for the tests of the reports; seeded, no market data."""

import numpy as np
import pandas as pd

from volcast.reports.run.inputs import ReportInputs
from volcast.reports.scoring.gain_attribution import steps_table
from volcast.reports.scoring.risk import risk_table
from volcast.reports.scoring.scored_rows import scored_rows
from volcast.reports.scoring.scores import score_table
from volcast.reports.scoring.value_at_risk import tail_forecasts

ERROR_OF_MODEL = {
    "last_value": 0.75,
    "mean_22": 0.42,
    "ewma": 0.36,
    "har": 0.28,
    "garch": 0.32,
    "network": 0.23,
}


def volatility(variance):
    return 100 * np.sqrt(252 * variance)


def make_forecasts(
    tickers=("^GSPC", "^IXIC"), horizons=(1, 5, 22), *, sessions=300, start="2008-01-02", seed=0
):
    """Return a forecast table of a persistent log variance, each model wrong by its own error."""
    rng, of_returns = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    days = pd.bdate_range(start, periods=sessions + max(horizons))
    market = persistent(rng, len(days) + 22)
    frames = []
    for ticker in tickers:
        log_variance = np.log(1e-4) + market + 0.3 * persistent(rng, len(days) + 22)
        daily = np.exp(log_variance + 0.4 * rng.standard_normal(len(log_variance)))
        log_return = np.exp(log_variance / 2) * of_returns.standard_normal(len(log_variance))
        series = log_variance, daily, log_return
        for horizon in horizons:
            for model, error in ERROR_OF_MODEL.items():
                noise = error * rng.standard_normal(sessions)
                frames.append(
                    one_series(days, series, sessions, horizon, noise).assign(
                        ticker=ticker, model=model
                    )
                )
    table = pd.concat(frames, ignore_index=True)
    for name in ("variance", "lower", "upper", "realized"):
        column = {"variance": "volatility"}.get(name, f"volatility_{name}")
        table[column] = volatility(table[name])
    return table


def persistent(rng, length):
    """Return an AR(1) around zero with the persistence of daily log variance."""
    shocks = 0.16 * rng.standard_normal(length)
    path = np.zeros(length)
    for t in range(1, length):
        path[t] = 0.98 * path[t - 1] + shocks[t]
    return path


def one_series(days, series, sessions, horizon, noise):
    log_variance, daily, log_return = series
    origin = np.arange(sessions)
    mean = np.array([np.exp(log_variance[t + 1 : t + 1 + horizon]).mean() for t in origin])
    came = np.array([daily[t + 1 : t + 1 + horizon].mean() for t in origin])
    variance = 1.08 * mean * np.exp(noise / np.sqrt(min(horizon, 4)))
    ahead = np.stack([log_return[t + 1 : t + 1 + horizon] for t in origin])
    known = origin + horizon < sessions
    width = 0.8 / np.sqrt(min(horizon, 4))
    return pd.DataFrame(
        {
            "fold": origin // 126,
            "origin": days[origin],
            "target_start": days[origin + 1],
            "target_end": days[np.minimum(origin + horizon, len(days) - 1)],
            "horizon": horizon,
            "variance": variance,
            "lower": variance * np.exp(-width),
            "upper": variance * np.exp(width),
            "clipped": origin % 97 == 0,
            "fallback": origin % 211 == 0,
            "realized": np.where(known, came, np.nan),
            "pit": np.where(known, (origin % 20 + 0.5) / 20, np.nan),
            "log_return": np.where(known, ahead.sum(axis=1), np.nan),
            "squared_return": np.where(known, (ahead**2).mean(axis=1), np.nan),
            "level_factor": 1.0,
        }
    )


def make_history(folds=4, members=4, *, epochs=30, seed=0, gain=0.08, noise=0.003):
    """Return healthy training curves that settle below their HAR start, stopped early or not."""
    rng = np.random.default_rng(seed)
    frames = []
    for fold in range(folds):
        last = int(rng.integers(max(1, epochs // 2), epochs + 1))
        start = 0.3 * np.exp(0.2 * rng.standard_normal())
        for member in range(members):
            epoch = np.arange(last + 1)
            learnt = gain * (1 - np.exp(-epoch / 4))
            jitter = noise * rng.standard_normal((2, last + 1))
            jitter[:, 0] = 0
            frames.append(
                pd.DataFrame(
                    {
                        "fold": fold,
                        "member": member,
                        "epoch": epoch,
                        "train_loss": 0.9 * start * (1 - 1.3 * learnt - 0.001 * epoch + jitter[0]),
                        "val_loss": start * (1 - learnt + jitter[1]),
                        "learning_rate": 0.001,
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def make_tail_rows(forecasts, seed=0):
    """Return one-session forecasts with returns of their realised variance."""
    rng = np.random.default_rng(seed)
    rows = forecasts[forecasts["horizon"] == 1]
    returns = np.sqrt(rows["realized"]) * rng.standard_normal(len(rows))
    return rows.assign(log_return=returns, tested=True)


def make_step_losses(forecasts):
    """Return losses that fall step by step from HAR's to the network's."""
    rows = scored_rows(forecasts)
    keys = ["horizon", "origin", "ticker"]
    losses = rows.pivot(index=keys, columns="model", values="qlike").reset_index()
    if not {"har", "network"} <= set(losses):
        return losses
    gain = losses["har"] - losses["network"]
    shares = {"harx": 0.5, "single": 0.7, "alone": 0.9, "local": 0.95, "first_fold": 0.8}
    return losses.assign(**{name: losses["har"] - s * gain for name, s in shares.items()})


def make_quality(tickers=("^GSPC", "^IXIC")):
    rows = []
    for ticker in tickers:
        rows.append((ticker, "bars", "count", 5031, "1999-01-04", "2018-12-31", ""))
        rows.append((ticker, "zero volume", "mask volume", 3, "2001-09-11", "2012-10-30", ""))
        rows.append((ticker, "return beyond 10 %", "warn", 1, "2008-10-13", "2008-10-13", "kept"))
    names = ["ticker", "rule", "action", "rows", "first_session", "last_session", "note"]
    table = pd.DataFrame(rows, columns=names)
    for name in ("first_session", "last_session"):
        table[name] = pd.to_datetime(table[name])
    return table


def make_inputs(forecasts=None, history=None, **changes):
    forecasts = make_forecasts() if forecasts is None else forecasts
    tickers = sorted(forecasts["ticker"].unique())
    history = make_history() if history is None else history
    last = forecasts["origin"].max()
    tails = tail_forecasts(make_tail_rows(forecasts))
    fields = {
        "steps": steps_table(make_step_losses(forecasts)),
        "risk": risk_table(tails),
        "title": "Volatility forecast",
        "forecasts": forecasts,
        "scores": score_table(forecasts),
        "history": history,
        "max_epochs": 40,
        "quality": make_quality(tickers),
        "settings": {
            "Learning rate": "0.001",
            "Batch size": "32",
            "Optimizer": "adam",
            "Loss": "qlike",
            "Members": "8",
        },
        "provenance": {
            "Versions": {"python": "3.11.7", "numpy": "2.4.6"},
            "Data": {"sha256 of bars": "9f3a" * 16},
            "Seeds": {"seed": 20240101},
            "Durations (s)": {"features": 0.4, "train": 61.2},
            "Configuration": '[data]\nsource = "sample"\n\n[network]\nhidden = [64, 32]\n',
        },
        "failures": {},
        "interval_level": 0.9,
        "today": pd.DataFrame(
            {
                "ticker": tickers,
                "session": last,
                "volatility": np.linspace(9.4, 17.2, len(tickers)),
            }
        ),
    }
    return ReportInputs(**{**fields, **changes})
