"""One ticker at a time: what is packed for the script, and what the script makes of it."""

import base64
import json
import re
import shutil
import subprocess
import zlib

import numpy as np
import pandas as pd
import pytest

from tests.reports import synthetic
from volcast.reports import ticker_lookup
from volcast.reports.figure_panels import TICKERS_DRAWN
from volcast.reports.run.page import build_page, render_html
from volcast.reports.ticker_lookup import LINES, STEP, pack_tickers

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NAMES = ("volatility", "interval", "har", "realized")
TICKERS = ["A", "B", "__proto__", "</script>", *[f"T{n}" for n in range(TICKERS_DRAWN)]]


def make_recent(sessions=40, tickers=("A", "B")):
    rng = np.random.default_rng(3)
    days = pd.bdate_range("2020-01-02", periods=sessions)
    parts = []
    for ticker in tickers:
        values = {name: 20 * np.exp(rng.normal(size=sessions)) for name in ("volatility", *LINES)}
        parts.append(pd.DataFrame({"ticker": ticker, "date": days, **values}))
    return pd.concat(parts, ignore_index=True)


def pack(recent):
    facts = {name: [["Next session", "20.0"]] for name in recent["ticker"].unique()}
    labels = dict.fromkeys(NAMES, "label")
    return pack_tickers(recent, facts, headings=["Horizon", "Forecast"], labels=labels)


def add_up(changes):
    known = np.array([np.nan if change is None else change for change in changes], float)
    return np.where(np.isfinite(known), np.nancumsum(known), np.nan)


def unpack(text):
    """Return the rows of the packed lines, as the script of the page does."""
    content = json.loads(zlib.decompress(base64.b64decode(text)))
    frames = []
    for name, (_, places, changes, *others) in content["tickers"].items():
        forecast = add_up(changes)
        distances = [*map(add_up, others[:-1]), np.array(others[-1], dtype=float)]
        steps = dict(zip(LINES, [forecast + own for own in distances], strict=True))
        lines = {key: np.exp(STEP * own) for key, own in {"volatility": forecast, **steps}.items()}
        days = pd.to_datetime(np.array(content["sessions"])[np.cumsum(places)])
        frames.append(pd.DataFrame({"ticker": name, "date": days, **lines}))
    return pd.concat(frames, ignore_index=True)


def assert_close(found, wanted):
    keys = ["ticker", "date"]
    texts = [table[keys].astype(str).to_numpy().tolist() for table in (found, wanted)]
    assert texts[0] == texts[1]
    columns = ["volatility", *LINES]
    ratio = np.log(found[columns].to_numpy() / wanted[columns].to_numpy())
    assert np.isnan(ratio).sum() == wanted[columns].isna().sum().sum()
    assert np.nanmax(np.abs(ratio)) <= STEP / 2 + 1e-9


def test_packed_forecasts_are_right_to_half_a_percent():
    recent = make_recent()
    assert_close(unpack(pack(recent)), recent)


def test_missing_values_stay_missing_wherever_they_are():
    recent = make_recent()
    recent.loc[[0, 1, 5], "har"] = np.nan
    recent.loc[[39, 79], "realized"] = np.nan
    recent.loc[[40], ["lower", "upper"]] = np.nan
    assert_close(unpack(pack(recent)), recent)


def test_tickers_may_miss_sessions():
    recent = make_recent().drop(index=[0, 3, 4, 50, 79])
    assert_close(unpack(pack(recent)), recent)


def test_of_many_tickers_fewer_sessions_are_kept(monkeypatch):
    recent = make_recent()
    monkeypatch.setattr(ticker_lookup, "MOST_CELLS", 21)
    last = recent.groupby("ticker").tail(10).reset_index(drop=True)
    assert_close(unpack(pack(recent)), last)


def test_a_ticker_whose_forecasts_ended_long_ago_has_no_lines(monkeypatch):
    recent = make_recent().drop(index=range(60, 80))
    monkeypatch.setattr(ticker_lookup, "MOST_CELLS", 20)
    content = json.loads(zlib.decompress(base64.b64decode(pack(recent))))
    assert len(content["tickers"]["A"][1]) == 10
    assert content["tickers"]["B"] == [[["Next session", "20.0"]], [], [], [], [], [], []]


def test_the_same_forecasts_give_the_same_text():
    assert pack(make_recent()) == pack(make_recent())


@pytest.fixture(scope="module")
def page_of_many():
    one = synthetic.make_forecasts(tickers=("X",), sessions=60)
    copies = [
        one.assign(ticker=ticker, volatility=one["volatility"] * (1 + place))
        for place, ticker in enumerate(TICKERS)
    ]
    return synthetic.make_inputs(pd.concat(copies, ignore_index=True))


def test_a_page_with_a_figure_for_each_ticker_has_no_lookup():
    assert "ticker_lookup.js" not in build_page(synthetic.make_inputs()).scripts


def test_a_page_of_more_tickers_names_each_with_its_forecasts_and_scores(page_of_many):
    section = next(each for each in build_page(page_of_many).sections if each.name == "ticker")
    content = json.loads(zlib.decompress(base64.b64decode(section.blocks[1].data)))
    assert set(section.blocks[1].tickers) == set(content["tickers"]) == set(TICKERS)
    scores = page_of_many.scores
    own = scores[(scores["ticker"] == "B") & (scores["model"] == "network")].set_index("horizon")
    newest = page_of_many.newest.query("ticker == 'B'").set_index("horizon")
    rows = content["tickers"]["B"][0]
    assert [row[0] for row in rows] == ["Next session", "Next week", "Next month"]
    for horizon, row in zip((1, 5, 22), rows, strict=True):
        shown = dict(zip(content["headings"], row, strict=True))
        assert shown["Forecast"] == f"{newest.loc[horizon, 'volatility']:.1f}"
        assert shown["Ratio to HAR"] == f"{own.loc[horizon, 'ratio_to_har']:.3f}"


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("ticker", ["B", "__proto__", "</script>"])
def test_the_script_draws_the_chosen_ticker(page_of_many, ticker, tmp_path):
    page = tmp_path / "report.html"
    page.write_text(render_html(page_of_many), encoding="utf-8")
    quoted = ticker.replace("</", "%3C%2F").replace(">", "%3E")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    address = f"{page.as_uri()}#ticker={quoted}"
    dom = subprocess.run(
        [str(CHROMIUM), *options, profile, "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    drawn = dom[dom.index('<section id="ticker"') :]
    newest = page_of_many.newest[page_of_many.newest["ticker"] == ticker].iloc[0]
    reading = re.search(r'aria-live="polite">([^<]*)<', drawn).group(1)
    number = float(re.search(r"Network ([\d.]+)", reading).group(1))
    assert number == pytest.approx(newest["volatility"], rel=0.006, abs=0.05)
    assert "no outcome yet" in reading
    outcomes = page_of_many.tables.recent.query("ticker == @ticker")["realized"].notna().sum()
    in_legend = 1
    assert drawn.count('class="realized"') == outcomes + in_legend
    assert drawn.count("<tr>") >= 4 and '<a href="#ticker=B">B</a>' in dom
