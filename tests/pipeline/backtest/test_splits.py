import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from volcast.pipeline.backtest.splits import Fold, WalkForward
from volcast.pipeline.data.calendars.sessions import sessions_between


def test_folds_of_thirty_sessions_as_worked_out_by_hand():
    # 20 before the first test, 2 purged at each of two cuts, a quarter of the other 16 validates.
    rule = WalkForward(first_test=20, refit_every=4, purge=2, validation_share=0.25)
    assert list(rule.folds(30)) == [
        Fold(0, slice(0, 12), slice(14, 18), slice(20, 24)),
        Fold(1, slice(0, 15), slice(17, 22), slice(24, 28)),
        Fold(2, slice(0, 18), slice(20, 26), slice(28, 30)),
    ]


def test_a_rolling_window_as_worked_out_by_hand():
    rule = WalkForward(first_test=20, refit_every=5, purge=1, validation_share=0.25, window=10)
    assert list(rule.folds(30)) == [
        Fold(0, slice(10, 16), slice(17, 19), slice(20, 25)),
        Fold(1, slice(15, 21), slice(22, 24), slice(25, 30)),
    ]


def test_the_cuts_fall_on_these_dates_of_2024():
    sessions = sessions_between("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-03-28"))
    rule = WalkForward(first_test=41, refit_every=10, purge=5, validation_share=0.2)
    first = next(rule.folds(len(sessions)))
    # January has 21 sessions, February 20: the 42nd is Friday 1 March.
    dates = {
        part: (str(sessions[cut.start].date()), str(sessions[cut.stop - 1].date()))
        for part, cut in vars(first).items()
        if part != "number"
    }
    assert dates == {
        "train": ("2024-01-02", "2024-02-06"),
        "validation": ("2024-02-14", "2024-02-22"),
        "test": ("2024-03-01", "2024-03-14"),
    }


def test_a_first_test_beyond_the_data_is_refused():
    with pytest.raises(ValueError, match="first test is session 30, but there are only 30"):
        list(WalkForward(30, 5, 1, 0.1).folds(30))


def test_a_history_that_the_purge_eats_up_is_refused():
    rule = WalkForward(first_test=45, refit_every=5, purge=22, validation_share=0.1)
    with pytest.raises(ValueError, match="45 sessions before the test are too few"):
        list(rule.folds(100))


@given(
    sessions=st.integers(2, 400),
    first_test=st.integers(0, 300),
    refit_every=st.integers(1, 150),
    purge=st.integers(1, 40),
    share=st.floats(0.01, 0.5),
    window=st.none() | st.integers(3, 200),
)
def test_parts_never_overlap_are_purged_and_test_each_origin_once(
    sessions, first_test, refit_every, purge, share, window
):
    rule = WalkForward(first_test, refit_every, purge, share, window)
    try:
        folds = list(rule.folds(sessions))
    except ValueError:
        reach = first_test if window is None else min(window, first_test)
        assert first_test >= sessions or reach < 2 * purge + 2
        return
    tested = [t for fold in folds for t in range(sessions)[fold.test]]
    assert tested == list(range(first_test, sessions))
    assert [fold.number for fold in folds] == list(range(len(folds)))
    for fold in folds:
        assert 0 <= fold.train.start < fold.train.stop
        assert fold.train.stop + purge == fold.validation.start < fold.validation.stop
        assert fold.validation.stop + purge == fold.test.start < fold.test.stop
        reach = fold.test.start - fold.train.start
        assert reach == (fold.test.start if window is None else min(window, fold.test.start))


@given(st.integers(50, 300), st.integers(1, 10), st.floats(0.01, 0.5))
def test_the_validation_part_has_its_share(first_test, purge, share):
    fold = next(WalkForward(first_test, 10, purge, share).folds(first_test + 1))
    usable = first_test - 2 * purge
    assume(usable > 10)
    validating = fold.validation.stop - fold.validation.start
    assert abs(validating - share * usable) <= 1
    assert fold.train.stop - fold.train.start + validating == usable
