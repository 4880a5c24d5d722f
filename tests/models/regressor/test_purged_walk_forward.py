"""The purged splitter: rows by hand, panels, and its errors."""

import numpy as np
import pytest

from volcast.model_selection import PurgedWalkForward

ROWS = np.zeros((12, 1))


def listed(splitter, groups=None):
    return [(a.tolist(), b.tolist()) for a, b in splitter.split(ROWS, groups=groups)]


def test_the_gap_is_left_out_before_each_test_part():
    assert listed(PurgedWalkForward(2, purge=2, test_size=3)) == [
        ([0, 1, 2, 3], [6, 7, 8]),
        ([0, 1, 2, 3, 4, 5, 6], [9, 10, 11]),
    ]


def test_a_rolling_part_keeps_its_length():
    assert listed(PurgedWalkForward(2, purge=1, test_size=3, train_size=2)) == [
        ([3, 4], [6, 7, 8]),
        ([6, 7], [9, 10, 11]),
    ]


def test_parts_are_equal_by_default():
    splits = listed(PurgedWalkForward(3, purge=0))
    assert [len(test) for _, test in splits] == [3, 3, 3] and splits[0][0] == [0, 1, 2]


def test_rows_of_a_session_stay_together_in_any_order():
    sessions = np.array(["d", "c", "b", "a"] * 3)
    (train, test), = listed(PurgedWalkForward(1, purge=1, test_size=1), sessions)  # fmt: skip
    assert test == [0, 4, 8] and train == [2, 3, 6, 7, 10, 11]


def test_it_is_no_other_than_the_splitter_of_scikit_learn_with_a_gap():
    from sklearn.model_selection import TimeSeriesSplit

    theirs = TimeSeriesSplit(3, gap=2, test_size=2).split(ROWS)
    ours = PurgedWalkForward(3, purge=2, test_size=2).split(ROWS)
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one[0], two[0])
        np.testing.assert_array_equal(one[1], two[1])


WRONG = {
    "no split": ({"n_splits": 0}, "n_splits must be 1 or more; got 0"),
    "a negative purge": ({"purge": -1}, "purge must be 0 or more; got -1"),
    "too few": ({"n_splits": 5, "test_size": 3}, "12 sessions are too few for 5 test parts of 3"),
    "too long a purge": ({"purge": 12}, "are too few"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_split_is_refused(case):
    options, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        list(PurgedWalkForward(**options).split(ROWS))


def test_sessions_must_be_as_many_as_rows():
    with pytest.raises(ValueError, match="groups has 3 sessions for 12 rows"):
        listed(PurgedWalkForward(1), [1, 2, 3])
