"""Known events of tickers, such as report dates, each with the moment at which it was learnt."""
