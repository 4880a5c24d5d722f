"""One model at a time: the rows and the tables of a report are those of the whole horizon."""

import dataclasses

import pandas as pd
import pytest

from tests.reports import synthetic
from volcast.reports.run import tables
from volcast.reports.scoring.horizon_forecasts import FrameForecasts, ScoredModels
from volcast.reports.scoring.scored_rows import scored_rows
from volcast.reports.scoring.scores import score_models, score_table


class OneModelAtATime(FrameForecasts):
    """Counts how often a model is read."""

    read = 0

    def read_model(self, model):
        self.read += 1
        return super().read_model(model)


@pytest.fixture(scope="module")
def month():
    made = synthetic.make_forecasts(horizons=(22,), sessions=200)
    missing = (made["model"] == "garch") & (made["origin"] == made["origin"].iloc[50])
    return made.assign(variance=made["variance"].mask(missing))


def test_the_rows_of_the_models_are_the_scored_rows(month):
    models = ScoredModels(FrameForecasts(month))
    together = pd.concat([models[name] for name in models], ignore_index=True)
    pd.testing.assert_frame_equal(together, scored_rows(month))
    assert list(models) == list(month["model"].unique())


def test_the_order_of_a_table_does_not_matter(month):
    mixed = ScoredModels(FrameForecasts(month.sample(frac=1.0, random_state=0)))
    for name, rows in ScoredModels(FrameForecasts(month)).items():
        pd.testing.assert_frame_equal(mixed[name], rows)


def test_asking_for_a_name_reads_no_model(month):
    stored = OneModelAtATime(month)
    models = ScoredModels(stored)
    assert "har" in models and "trees" not in models and len(models) == 6
    assert stored.read == 0


def test_scores_are_those_of_the_table(month):
    alone = score_models(ScoredModels(FrameForecasts(month)), 22)
    pd.testing.assert_frame_equal(alone, score_table(month))


def test_without_a_scored_row_there_is_no_score(month):
    unknown = month.assign(realized=float("nan"))
    assert score_models(ScoredModels(FrameForecasts(unknown)), 22).empty


def test_batches_hold_every_model_once(month):
    models = ScoredModels(FrameForecasts(month))
    rows = len(models["har"])
    assert list(models.batch(1)) == [[name] for name in models]
    assert [len(some) for some in models.batch(4 * rows)] == [4, 2]
    assert list(models.batch(10**9)) == [list(models)]


@pytest.mark.parametrize("left_out", [None, "har"])
def test_tables_of_a_report_do_not_depend_on_the_batches(month, left_out, monkeypatch):
    forecasts = FrameForecasts(month[month["model"] != left_out].assign(reactions=1.0))
    together = tables.tabulate_horizon(forecasts, shortest=True)
    monkeypatch.setattr(tables, "BATCH_ROWS", 1)
    alone = tables.tabulate_horizon(forecasts, shortest=True)
    for field in dataclasses.fields(together):
        one, other = getattr(together, field.name), getattr(alone, field.name)
        pd.testing.assert_frame_equal(one, other, obj=field.name)
