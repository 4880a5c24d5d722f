"""Findings on curves, rates and comparisons: their words, their numbers, and their pages."""

import re

import numpy as np
import pandas as pd
import pytest

from tests.reports.synthetic import make_history
from volcast.reports.diagnosis.comparison import (
    KINDS,
    build_comparison_section,
    build_comparison_table,
)
from volcast.reports.diagnosis.curves import build_curves_section
from volcast.reports.diagnosis.rates import build_rates_section, suggested_rate
from volcast.reports.figures.curve_bands import curve_bands
from volcast.reports.section import Page
from volcast.reports.templating import render_html


def make_sweep(breaks=True):
    rates = np.geomspace(1e-7, 10, 200)
    change = -0.2 * np.exp(-(np.log10(rates / 0.01) ** 2)) + np.where(rates > 0.3, rates, 0.0)
    curve = pd.DataFrame({"rate": rates, "change": change, "low": change - 0.01})
    suggested = np.geomspace(1e-3, 4e-3, 5)
    members = pd.DataFrame({"member": range(5), "steepest": suggested, "suggested": suggested})
    diverging = np.full(5, 0.3) if breaks else np.full(5, np.nan)
    return curve.assign(high=change + 0.01), members.assign(diverging=diverging)


def make_trials(losses):
    """Return the tables of trials whose networks end at the given validation losses."""
    rows, curves = [], []
    for name, values in losses.items():
        for member, loss in enumerate(values):
            epochs = np.arange(7)
            curve = 1 - (1 - loss) * (1 - np.exp(-epochs))
            frame = {"trial": name, "member": member, "epoch": epochs, "val_loss": curve}
            curves.append(pd.DataFrame(frame).assign(train_loss=curve))
            rows.append((name, member, 5, 6, False, loss, loss + 0.01))
    columns = ["trial", "member", "best_epoch", "epochs", "diverged", "validation", "ratio"]
    together = pd.DataFrame({"trial": list(losses), "ratio": 0.9})
    cost = [1.0 + place for place in range(len(losses))]
    return {
        "curves": pd.concat(curves, ignore_index=True),
        "outcomes": pd.DataFrame(rows, columns=columns),
        "together": together.assign(batch_size=64, ms_per_epoch=cost),
    }


TRIALS = make_trials(
    {
        "sgd, rate 0.1": [0.900, 0.902, 0.904],
        "adam, rate 0.001": [0.899, 0.901, 0.906],
        "momentum, rate 1": [0.99, 0.991, 0.992],
    }
)


def rates_section(sweep, configured):
    return build_rates_section(dict(zip(("curve", "members"), sweep, strict=True)), configured)


def test_the_suggestion_is_the_median_of_the_networks():
    assert suggested_rate(make_sweep()[1]) == 0.002


@pytest.mark.parametrize(
    ("configured", "advice"),
    [(0.001, "Keep 0.001"), (1e-5, "Set model.learning_rate = 0.002"), (0.1, "Set model")],
)
def test_a_configured_rate_near_the_suggestion_is_kept(configured, advice):
    assert rates_section(make_sweep(), configured).advice.startswith(advice)


def test_a_sweep_that_never_diverges_says_so():
    assert "never diverges" in rates_section(make_sweep(breaks=False), 0.001).sentence


def test_a_comparison_names_best_and_worst_and_which_are_not_distinguishable():
    section = build_comparison_section("optimizers", TRIALS, "adam,")
    assert section.sentence.startswith("Adam, rate 0.001") or section.sentence.startswith("Sgd")
    assert "1 of 2 others are not distinguishable" in section.sentence
    assert "The worst is momentum, rate 1 with 0.991" in section.sentence


def test_the_advice_keeps_what_is_configured_where_nothing_is_better():
    assert build_comparison_section("optimizers", TRIALS, "adam,").advice.startswith("Keep adam")
    assert build_comparison_section("optimizers", TRIALS, "momentum,").advice.startswith("Use sgd")


def test_the_test_against_the_best_is_welchs():
    from scipy import stats

    table = build_comparison_table(TRIALS["outcomes"], TRIALS["together"]).set_index("trial")
    losses = {n: p["validation"] for n, p in TRIALS["outcomes"].groupby("trial")}
    best = table["validation"].idxmin()
    for name in set(table.index) - {best}:
        expected = stats.ttest_ind(losses[name], losses[best], equal_var=False).pvalue
        assert table.loc[name, "p_value"] == pytest.approx(expected)
    assert table.loc[best, "p_value"] == 1.0


def test_bands_hold_the_quantiles_of_all_members_relative_to_their_start():
    history = make_history(folds=2)
    bands = curve_bands(history)
    one = history[history["epoch"].isin([0, 1])].pivot_table(
        index="epoch", columns=["fold", "member"], values="val_loss"
    )
    relative = one.loc[1] / one.loc[0]
    row = bands.query("loss == 'val_loss' and epoch == 1").iloc[0]
    assert row["median"] == pytest.approx(relative.median())
    assert row["low"] == pytest.approx(relative.quantile(0.1))
    assert (bands[bands["epoch"] == 0][["low", "median", "high"]] == 1.0).all(axis=None)


def test_every_finding_makes_a_page_with_its_words_figures_and_advice():
    sections = [
        build_curves_section(make_history(folds=3), 60),
        rates_section(make_sweep(), 0.001),
        *(build_comparison_section(name, TRIALS, "x") for name in KINDS),
    ]
    page = render_html(Page("Diagnosis", "of a test", sections))
    for section in sections:
        assert f'id="{section.name}"' in page
    assert page.count("<b>Next:</b>") == len(sections)
    assert page.count("<svg") == sum(len(section.panels) for section in sections)
    names = re.findall(r' id="([^"]+)"', page)
    assert len(names) == len(set(names)), "ids must be unique in a page"
    assert "http" not in re.sub(r"http://www.w3.org/\S+", "", page)


def test_the_same_tables_give_the_same_page():
    one, two = (
        render_html(Page("x", "y", [build_comparison_section("optimizers", TRIALS, "adam,")]))
        for _ in range(2)
    )
    assert one == two
