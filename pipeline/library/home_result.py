"""The home of a scheduled job as an object: its forecasts, their outcomes and scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from volcast.pipeline.errors import ConfigError
from volcast.pipeline.home import Home
from volcast.pipeline.library.axes import draw_on_axes
from volcast.pipeline.library.html import render_html
from volcast.pipeline.library.summary import Summary
from volcast.pipeline.text import format_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TABLES = ("forecasts", "outcomes", "decisions", "alerts", "scored")
CHAMPION, HAR = "champion", "har"
ORIGINS_DRAWN = 250


@dataclass(frozen=True, eq=False)
class JobHome:
    """What a scheduled job has issued and learnt; made by `volcast.load`.

    docs/ledger.md describes all columns.

    Attributes
    ----------
    folder
        The home.

    Examples
    --------
    >>> JobHome(Path("job"))
    <volcast.JobHome in job>
    """

    folder: Path

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """The newest issued forecast of each ticker and horizon, with `volatility` (annualised %).

        `variance`, `lower` and `upper` are daily variances in squared log-return units, and so are
        the bounds of further `intervals`, which `volatility_lower_80` and so on give in percent.
        """
        from volcast.pipeline.ledger.volatility import add_volatility, spread_intervals

        rows = self.ledger("forecasts")
        issued = rows[rows["role"] == CHAMPION].sort_values("seq")
        newest = issued.groupby(["ticker", "horizon"], as_index=False).tail(1)
        table = add_volatility(spread_intervals(newest))
        return table.sort_values(["ticker", "horizon"], ignore_index=True)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The scores of the live forecasts beside those of the backtest, by horizon and series."""
        from volcast.pipeline.ledger.ledger import Ledger
        from volcast.pipeline.ledger.scoring import live_scores, read_backtests, scored_rows

        with Ledger.to_read(Home(self.folder).ledger) as ledger:
            return live_scores(scored_rows(ledger), read_backtests(ledger))

    def ledger(self, table: str = "scored") -> pd.DataFrame:
        """Return a table of the ledger, oldest row first.

        Parameters
        ----------
        table
            "forecasts", "outcomes", "decisions", "alerts", or "scored": forecasts with outcomes.

        Raises
        ------
        LedgerError
            The ledger is missing or damaged, or has no such table.
        """
        from volcast.pipeline.ledger.ledger import Ledger

        with Ledger.to_read(Home(self.folder).ledger) as ledger:
            return ledger.table(table)

    def summary(self) -> Summary:
        """Return the newest forecasts and the scores as text that prints itself."""
        rows = self.forecasts
        alerts = self.ledger("alerts")
        facts = {
            "Tickers": format_names(list(rows["ticker"].unique()), 5),
            "Forecasts in the ledger": f"{len(self.ledger('forecasts')):,}",
            "Outcomes": f"{len(self.ledger('outcomes')):,}",
            "Alerts ever raised": f"{len(alerts):,}",
        }
        columns = ["ticker", "horizon", "origin", "target_end", "model", "volatility"]
        columns += ["volatility_lower", "volatility_upper"]
        tables = {"Newest forecasts (annualised, %)": rows[columns]}
        if len(self.scores):
            tables["Live scores"] = self.scores
        return Summary("Scheduled job", facts, tables)

    def __repr__(self) -> str:
        return f"<volcast.JobHome in {self.folder}>"

    def _repr_html_(self) -> str:
        return render_html(self.summary())

    def plot(
        self, ticker: str | None = None, horizon: int | None = None, *, ax: Axes | None = None
    ) -> Axes:
        """Draw the issued forecasts of a year with their intervals and outcomes.

        Parameters
        ----------
        ticker, horizon
            Which forecasts; None: the first ticker, the shortest horizon.
        ax
            Where to draw; None: a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ConfigError
            The ticker or the horizon was not forecast.
        LedgerError
            The ledger is missing or damaged.
        """
        from volcast.pipeline.config.settings import Config
        from volcast.pipeline.ledger.scoring import find_newest_level, keep_newest_level
        from volcast.pipeline.ledger.volatility import add_volatility
        from volcast.reports.figures.forecast import forecast_against_realized

        known = self.forecasts
        name = str(known["ticker"].iloc[0]) if ticker is None else ticker
        chosen = int(known["horizon"].min()) if horizon is None else horizon
        rows = self.ledger("scored")
        own = rows[(rows["ticker"] == name) & (rows["horizon"] == chosen)]
        own = own[own["role"] == CHAMPION].sort_values("origin").tail(ORIGINS_DRAWN)
        if own.empty:
            raise ConfigError(
                f"{name} has no issued forecast at the horizon {chosen}; the tickers are "
                f"{format_names(list(known['ticker'].unique()), 20)}"
            )
        drawn = add_volatility(keep_newest_level(own))
        har = add_volatility(rows[rows["model"] == HAR])
        har = har[(har["ticker"] == name) & (har["horizon"] == chosen)].set_index("origin")
        recent = pd.DataFrame(
            {
                "date": drawn["target_start"],
                "volatility": drawn["volatility"],
                "lower": drawn["volatility_lower"],
                "upper": drawn["volatility_upper"],
                "har": drawn["origin"].map(har["volatility"].groupby(level=0).last()),
                "realized": drawn["volatility_realized"],
            }
        ).reset_index(drop=True)

        # Formats before 5 did not keep it.
        level = find_newest_level(own) or Config().report.interval

        def draw(axes: Axes) -> None:
            forecast_against_realized(
                recent, axes, model="network", interval_level=level, label="Issued"
            )

        return draw_on_axes(draw, ax)
