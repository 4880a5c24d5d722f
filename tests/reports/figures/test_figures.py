import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.reports.synthetic import make_history
from volcast.reports.figures.coverage import interval_coverage
from volcast.reports.figures.forecast import forecast_against_realized
from volcast.reports.figures.loss_days import cumulative_difference
from volcast.reports.figures.palette import COLOUR_OF_MODEL, OTHER_COLOURS, date_axis, label_axes
from volcast.reports.figures.regimes import error_by_regime
from volcast.reports.figures.render import figure_svg
from volcast.reports.figures.scores import ratio_to_har
from volcast.reports.figures.training import curves_by_fold, training_curves
from volcast.reports.scoring import breakdowns
from volcast.reports.scoring.scored_rows import scored_rows
from volcast.reports.scoring.scores import score_table


def draw_forecast(forecasts, history, axes):
    own = forecasts[forecasts["ticker"] == "^GSPC"]
    table = breakdowns.recent_forecasts(own, horizon=1, model="network")
    return forecast_against_realized(table, axes, model="network", interval_level=0.9)


def draw_scores(forecasts, history, axes):
    scores = score_table(forecasts)
    return ratio_to_har(scores[(scores["horizon"] == 1) & (scores["ticker"] == "all")], axes)


def draw_training(forecasts, history, axes):
    return training_curves(curves_by_fold(history, "val_loss"), axes, loss="val_loss")


def draw_regimes(forecasts, history, axes):
    rows = scored_rows(forecasts)
    table = breakdowns.by_regime(rows, breakdowns.regimes(forecasts))
    return error_by_regime(table[table["horizon"] == 1], axes)


def draw_loss_days(forecasts, history, axes):
    rows = scored_rows(forecasts)
    daily = breakdowns.against_baseline(rows, "network")
    worst = breakdowns.loss_days(rows, "network")
    first, days = (table[table["horizon"] == 1] for table in (daily, worst))
    return cumulative_difference(first, days, axes, model="network")


def draw_coverage(forecasts, history, axes):
    table = breakdowns.coverage(scored_rows(forecasts))
    return interval_coverage(table[table["horizon"] == 1], axes, interval_level=0.9)


FIGURES = {
    "forecast": (draw_forecast, "%", "date"),
    "scores": (draw_scores, "Model", "ratio"),
    "training": (draw_training, "share of the HAR start", "Epoch"),
    "regimes": (draw_regimes, "no unit", "Regime"),
    "loss days": (draw_loss_days, "no unit", "date"),
    "coverage": (draw_coverage, "Model", "%"),
}


def new_axes():
    return Figure(layout="constrained").add_subplot()


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_returns_its_axes_with_units_on_both_labels(name, forecasts, history):
    draw, y_unit, x_unit = FIGURES[name]
    axes = new_axes()
    assert draw(forecasts, history, axes) is axes
    assert y_unit in axes.get_ylabel()
    assert x_unit in axes.get_xlabel()


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_draws_a_table_of_one_origin_one_fold_and_one_epoch(name, forecasts, history):
    origin = forecasts["origin"].iloc[3]
    tiny = forecasts[(forecasts["origin"] == origin) & (forecasts["ticker"] == "^GSPC")]
    short = history[(history["fold"] == 0) & (history["epoch"] <= 1)]
    svg = figure_svg(lambda axes: FIGURES[name][0](tiny, short, axes), name="tiny", alt="tiny")
    assert svg.endswith("</svg>")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_draws_a_table_with_gaps(name, forecasts, history):
    half = forecasts.index % 2 == 0
    columns = ["volatility_lower", "volatility_upper", "lower", "upper"]
    holed = forecasts.assign(**{c: forecasts[c].where(half) for c in columns})
    broken = history.assign(val_loss=history["val_loss"].where(history["epoch"] < 3, np.inf))
    svg = figure_svg(lambda axes: FIGURES[name][0](holed, broken, axes), name="holed", alt="gaps")
    assert "nan" not in re.sub(r"<text.*?</text>", "", svg)


def test_the_training_figure_draws_a_fold_that_is_not_finite_from_its_start():
    history = make_history(folds=1).assign(val_loss=np.nan)
    curves = curves_by_fold(history, "val_loss")
    svg = figure_svg(lambda axes: training_curves(curves, axes, loss="val_loss"), name="n", alt="n")
    assert svg.startswith("<svg")


def test_curves_are_medians_over_members_relative_to_the_start():
    history = pd.DataFrame(
        {
            "fold": 0,
            "member": [0, 1, 2, 0, 1, 2],
            "epoch": [0, 0, 0, 1, 1, 1],
            "val_loss": [0.4, 0.4, 0.4, 0.2, 0.3, 0.9],
        }
    )
    assert curves_by_fold(history, "val_loss")[0].tolist() == [1.0, 0.75]


def plain(axes):
    axes.plot([0, 1], [0.1234, 1], clip_on=True, marker="o")
    axes.set_title("0.1234 & <b>")
    label_axes(axes, x="x (m)", y="y (m)")


def test_an_inline_svg_is_well_formed_and_follows_the_page():
    svg = figure_svg(plain, name="plain", alt='a "b" <c>')
    ElementTree.fromstring(svg)
    assert 'role="img"' in svg
    assert 'aria-label="a &quot;b&quot; &lt;c&gt;"' in svg
    assert "currentColor" in svg
    assert "#010203" not in svg
    assert "<style" not in svg
    assert "http" not in svg
    assert ">0.1234 &amp; &lt;b&gt;</text>" in svg


def test_the_ids_of_two_figures_never_meet():
    one, other = (figure_svg(plain, name=name, alt="") for name in ("one", "other"))
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', one))
    assert used <= ids[0]


def test_the_same_drawing_gives_the_same_bytes_and_leaves_matplotlib_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    assert figure_svg(plain, name="a", alt="") == figure_svg(plain, name="a", alt="")
    assert dict(mpl.rcParams) == before


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("colour", [*COLOUR_OF_MODEL.values(), *OTHER_COLOURS])
def test_series_colours_stand_out_on_white_and_on_near_black(colour):
    light = luminance(colour)
    assert 1.05 / (light + 0.05) >= 3.0
    assert (light + 0.05) / (luminance("#131312") + 0.05) >= 3.0


@pytest.mark.parametrize("days", [2, 20, 100, 400, 700, 760, 900, 940, 1000, 1090, 1500, 4000])
def test_dates_of_any_span_get_two_to_six_ticks_without_a_warning(days):
    axes = Figure().add_subplot()
    first = pd.Timestamp("2016-01-04")
    axes.plot([first, first + pd.Timedelta(days=days)], [0.0, 1.0])
    date_axis(axes)
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.xaxis.get_majorticklocs() if low <= tick <= high]
    assert 2 <= len(ticks) <= 7


def recent_of(*, sessions, **columns):
    """Return a table of recent forecasts, flat unless told."""
    table = {"date": pd.bdate_range("2018-12-03", periods=sessions), "volatility": 20.0}
    table |= {"lower": 10.0, "upper": 35.0, "har": 21.0, "realized": 18.0} | columns
    return pd.DataFrame(table)


def forecast_axes(**how):
    return forecast_against_realized(
        recent_of(**how), new_axes(), model="network", interval_level=0.9
    )


def test_the_forecast_figure_holds_the_whole_interval_and_every_outcome():
    assert forecast_axes(sessions=30, upper=90.0).get_ylim()[1] > 90.0
    came = [18.0] * 28 + [70.0, 80.0]
    assert forecast_axes(sessions=30, realized=came).get_ylim()[1] > 80.0


@pytest.mark.parametrize("place", [0, 29])
def test_a_lone_outlier_is_cut_and_marked_with_its_value(place):
    came = [18.0] * 30
    came[place] = 240.0
    axes = forecast_axes(sessions=30, realized=came)
    axes.get_figure().draw_without_rendering()
    assert 35.0 < axes.get_ylim()[1] < 60.0
    assert [text.get_text() for text in axes.texts] == ["240"]
    assert not forecast_axes(sessions=30).texts


def test_bounds_that_are_not_finite_do_not_set_the_height():
    axes = forecast_axes(sessions=30, upper=[np.inf, np.nan] * 15)
    assert 21.0 < axes.get_ylim()[1] < 30.0


@pytest.mark.parametrize("sessions", [1, 2, 7, 15])
def test_few_sessions_are_named_by_their_dates_and_never_by_hours(sessions):
    axes = forecast_axes(sessions=sessions)
    named = [label.get_text() for label in axes.get_xticklabels()]
    assert named[0] == "3 Dec" and 1 <= len(named) <= 5
    assert all(re.fullmatch(r"\d+ Dec", name) for name in named)


def test_many_sessions_are_named_by_months():
    axes = forecast_axes(sessions=120)
    axes.get_figure().draw_without_rendering()
    assert "2019" in [label.get_text() for label in axes.get_xticklabels()]


def test_the_legend_has_the_label_asked_for():
    axes = forecast_against_realized(
        recent_of(sessions=9), new_axes(), model="network", interval_level=0.9, label="Went out"
    )
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["90% interval", "Realised", "HAR", "Went out"]


def scores_of(**ratios):
    return pd.DataFrame({"model": list(ratios), "ratio_to_har": list(ratios.values())})


def test_a_ratio_beyond_twice_har_is_cut_and_keeps_its_number():
    axes = ratio_to_har(scores_of(network=0.85, har=1.0, ewma=1.1, last_value=7.0), new_axes())
    low, high = axes.get_xlim()
    assert 0.7 < low < 0.85 and 1.1 < high < 1.3
    assert sorted(text.get_text() for text in axes.texts) == ["0.850", "1.000", "1.100", "7.000"]
    assert max(dots.get_offsets()[0, 0] for dots in axes.collections[1:]) < high


def test_ratios_up_to_twice_har_are_drawn_at_their_place():
    axes = ratio_to_har(scores_of(network=0.85, har=1.0, last_value=1.9), new_axes())
    places = [float(dots.get_offsets()[0, 0]) for dots in axes.collections[1:]]
    assert places == [1.9, 1.0, 0.85]


def test_bars_beyond_twice_har_are_cut_and_have_their_value_above():
    table = pd.DataFrame(
        [
            (regime, model, loss)
            for model, losses in {"har": (0.4, 0.6), "last_value": (1.1, 8.2)}.items()
            for regime, loss in zip(("calm", "volatile"), losses, strict=True)
        ],
        columns=["regime", "model", "qlike"],
    )
    axes = error_by_regime(table, new_axes())
    heights = [bar.get_height() for bar in axes.patches]
    assert heights[:3] == [0.4, 0.6, 1.1]
    assert 1.1 < heights[3] < axes.get_ylim()[1] < 2.0
    assert [text.get_text() for text in axes.texts] == ["8.20"]


def test_a_coverage_far_from_the_nominal_level_is_cut_and_has_its_value_at_the_edge():
    table = pd.DataFrame(
        {"model": ["network", "har", "garch"], "inside": [0.91, 0.88, 0.2], "rows": 1000}
    )
    axes = interval_coverage(table, new_axes(), interval_level=0.9)
    low, high = axes.get_xlim()
    assert 80.0 < low < 86.2 and 92.7 < high < 95.0
    assert [text.get_text() for text in axes.texts] == ["20.0"]


def test_a_fold_that_diverges_leaves_the_training_figure():
    curves = pd.DataFrame({0: [1.0, 0.9, 0.8], 1: [1.0, 50.0, 900.0]})
    assert training_curves(curves, new_axes(), loss="val_loss").get_ylim()[1] == 1.5
