"""Alerts: raised once, cleared only below the lower limit, whatever comes."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.reports.monitoring.alerts import Observation, step

DAY = dt.date(2018, 1, 2)
NAN = float("nan")


def seen(value, subject="har_1", *, limit=10.0, clear=5.0):
    return Observation("input drift", subject, value, limit, clear, f"{subject} is at {value}")


def told(values):
    """Return what a series of values raises and clears, one letter a day."""
    alerts, letters = (), ""
    for number, value in enumerate(values):
        alerts, raised, cleared = step(alerts, [seen(value)], DAY + dt.timedelta(number))
        letters += "R" if raised else "C" if cleared else "."
    return letters


def test_an_alert_is_raised_once_and_cleared_below_the_lower_limit_only():
    assert told([1, 11, 12, 9, 11, 6, 5, 9, 10, 11]) == ".R....C..R"


def test_a_value_that_was_not_measured_changes_nothing():
    assert told([NAN, 11, NAN, NAN, 4, NAN]) == ".R..C."


def test_an_open_alert_keeps_its_day_and_takes_over_the_newest_numbers():
    alerts, _, _ = step((), [seen(11)], DAY)
    (alert,), _, _ = step(alerts, [seen(8)], DAY + dt.timedelta(3))
    assert (alert.since, alert.value, alert.words) == (DAY, 8, "har_1 is at 8")


def test_the_cleared_alert_tells_since_when_it_was_open():
    alerts, _, _ = step((), [seen(11)], DAY)
    _, _, (cleared,) = step(alerts, [seen(1)], DAY + dt.timedelta(3))
    assert (cleared.since, cleared.value) == (DAY, 1)


def test_an_alert_of_whose_name_nothing_was_observed_stays_open():
    alerts, _, _ = step((), [seen(11)], DAY)
    other = Observation("clip rate", "forecasts", 0.0, 1.0, 1.0, "few")
    assert step(alerts, [], DAY) == step(alerts, [other], DAY) == (alerts, (), ())


def test_an_alert_of_a_subject_that_left_the_watch_is_cleared_when_others_of_its_name_are_seen():
    alerts, _, _ = step((), [seen(11, "DEAD"), seen(11, "LIVE")], DAY)
    still_open, _, (cleared,) = step(alerts, [seen(12, "LIVE")], DAY + dt.timedelta(1))
    assert [alert.subject for alert in still_open] == ["LIVE"]
    assert (cleared.subject, cleared.since) == ("DEAD", DAY)
    assert cleared.words == "DEAD is no longer monitored"


def test_a_subject_that_could_not_be_measured_is_still_watched():
    alerts, _, _ = step((), [seen(11, "DEAD"), seen(1, "LIVE")], DAY)
    still_open, _, cleared = step(alerts, [seen(NAN, "DEAD"), seen(1, "LIVE")], DAY)
    assert [alert.subject for alert in still_open] == ["DEAD"] and cleared == ()


def test_the_same_day_twice_raises_nothing_twice():
    day = [seen(11), seen(3, "har_5"), seen(40, "har_22")]
    alerts, raised, _ = step((), day, DAY)
    assert [alert.subject for alert in raised] == ["har_1", "har_22"]
    assert step(alerts, day, DAY) == (alerts, (), ())


def test_observing_a_subject_twice_is_refused():
    with pytest.raises(ValueError, match="har_1 was observed twice"):
        step((), [seen(1), seen(2)], DAY)


def test_a_lower_limit_above_the_upper_is_refused():
    with pytest.raises(ValueError, match="clear must not be above limit"):
        seen(1, limit=1.0, clear=2.0)


values = st.floats(0, 20) | st.just(NAN)
days = st.lists(st.dictionaries(st.sampled_from("abc"), values), max_size=30)


@given(days)
def test_raised_and_cleared_alternate_and_add_up_to_what_is_open(history):
    alerts, is_open = (), set()
    for number, day in enumerate(history):
        observed = [seen(value, subject) for subject, value in day.items()]
        alerts, raised, cleared = step(alerts, observed, DAY + dt.timedelta(number))
        up, down = ({alert.subject for alert in some} for some in (raised, cleared))
        assert not up & is_open
        assert down <= is_open
        assert all(day[subject] > 10 for subject in up)
        assert all(subject not in day or day[subject] <= 5 for subject in down)
        is_open = (is_open | up) - down
        assert {alert.subject for alert in alerts} == is_open
        assert is_open >= {subject for subject, value in day.items() if value > 10}
        assert not is_open & {subject for subject, value in day.items() if value <= 5}
        assert not day or is_open <= set(day)
