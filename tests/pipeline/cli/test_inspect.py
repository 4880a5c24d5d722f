"""`volcast data inspect` shows how a file is read, without running anything."""

import json

from tests.pipeline.samples import make_prices, volcast

HEADER = '"Date","Price","Open","High","Low","Vol.","Change %"\n'


def investing(folder, name="SPX.csv"):
    prices = make_prices("SPX", sessions=60)
    rows = [
        f'"{day:%m/%d/%Y}","{close + 1000:,.2f}","{opened + 1000:,.2f}","{high + 1000:,.2f}",'
        f'"{low + 1000:,.2f}","1.50M","0.10%"\n'
        for day, opened, high, low, close in prices[
            ["date", "open", "high", "low", "close"]
        ].itertuples(index=False)
    ]
    (folder / name).write_text(HEADER + "".join(rows[::-1]) + "Source: somebody\n")
    return folder / name, prices


def test_inspect_prints_what_is_understood_and_what_is_left_out(tmp_path):
    file, _ = investing(tmp_path)
    answer = volcast("data", "inspect", file)
    assert answer.code == 0, answer.err
    line = answer.out.splitlines()[0]
    assert line.startswith("SPX.csv: Investing.com-like, month first, thousands commas, 1 line")
    assert line.endswith("; 60 bars of SPX")
    assert "close = 'Price'" in answer.out and "'Source: somebody'" in answer.out


def test_inspect_gives_json_with_the_figures_of_each_ticker(tmp_path):
    file, prices = investing(tmp_path)
    found = json.loads(volcast("data", "inspect", file, "--json").out)
    assert found["understood"].endswith("60 bars of SPX")
    own = found["tickers"]["SPX"]
    assert (own["rows"], own["closed_days"], own["rejected"]) == (60, 0, 0)
    assert own["first"] == f"{prices['date'].iloc[0]:%Y-%m-%d}"
    assert own["last_close"] == round(prices["close"].iloc[-1] + 1000, 2)
    assert own["median_volume"] == 1_500_000 and own["problem"] is None


def test_inspect_refuses_what_can_be_read_in_two_ways_unless_an_option_decides(tmp_path):
    file = tmp_path / "AAA.csv"
    file.write_text("Date,Close\n01/02/2023,2.5\n01/03/2023,2.6\n")
    assert "can be read in two ways" in volcast("data", "inspect", file).complaint
    answer = volcast("data", "inspect", file, "--dates", "day-first", "--json")
    assert json.loads(answer.out)["tickers"]["AAA"]["last"] == "2023-03-01"
    assert "data.dates" in volcast("data", "inspect", file, "--dates", "x").complaint


def test_inspect_shows_a_ticker_that_a_run_would_leave_out(tmp_path):
    days = make_prices(sessions=100, calendar="24/7").assign(ticker="COIN")
    days.to_csv(tmp_path / "coins.csv", index=False)
    answer = volcast("data", "inspect", tmp_path / "coins.csv")
    assert answer.code == 0
    assert "a run would leave out COIN: " in answer.out and 'data.calendar = "24/7"' in answer.out
    options = ("--calendar", "24/7", "--json")
    found = json.loads(volcast("data", "inspect", tmp_path / "coins.csv", *options).out)
    assert found["tickers"]["COIN"]["closed_days"] == 0 and not found["problems"]
