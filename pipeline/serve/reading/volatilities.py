"""Volatilities beside the variances of forecasts: the unit in which people read them."""

from __future__ import annotations

from volcast.pipeline.serve.reading.origin_rows import Row

VOLATILITIES = {
    "volatility": "variance",
    "volatility_lower": "lower",
    "volatility_upper": "upper",
    "volatility_realized": "realized",
}


def add_volatilities(rows: list[Row]) -> list[Row]:
    """Add volatilities to forecasts: annualised, in percent; None where unknown.

    They are those of `VOLATILITIES`, and `volatility_intervals`, of `intervals`.

    Parameters
    ----------
    rows
        With `calendar`, by which a year has 252 or 365 sessions, and daily variances.
    """
    import numpy as np

    from volcast.features.units import volatility_annual_pct
    from volcast.pipeline.data.calendars.sessions import periods_per_year

    if not rows:
        return rows
    periods = np.array([periods_per_year(row["calendar"]) for row in rows], dtype=np.float64)
    for name, source in VOLATILITIES.items():
        variance = np.array([row[source] for row in rows], dtype=np.float64)
        for row, value in zip(rows, volatility_annual_pct(variance, periods).tolist(), strict=True):
            row[name] = None if value != value else value
    for row, of_year in zip(rows, periods.tolist(), strict=True):
        row["volatility_intervals"] = row["intervals"] and {
            level: volatility_annual_pct(np.array(bounds), of_year).tolist()
            for level, bounds in row["intervals"].items()
        }
    return rows
