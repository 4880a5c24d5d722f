"""The token bucket, by a clock of its own."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.data.download.samples import Clock, make_bucket
from volcast.pipeline.data.download.rate_limit import BURST
from volcast.pipeline.errors import ConfigError


def taken(bucket, clock, count):
    moments = []
    for _ in range(count):
        bucket.take()
        moments.append(clock.now - 1_000_000.0)
    return moments


def test_after_a_rest_a_burst_goes_through_and_then_one_at_each_interval(tmp_path, clock):
    expected = [0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 1.5]
    assert taken(make_bucket(tmp_path, clock), clock, 7) == pytest.approx(expected)
    clock.now += 1.0  # two tokens come back
    assert taken(make_bucket(tmp_path, clock), clock, 3) == pytest.approx([2.5, 2.5, 3.0])


def test_processes_share_the_bucket_of_a_folder(tmp_path, clock):
    one, other = make_bucket(tmp_path, clock), make_bucket(tmp_path, clock)
    moments = [taken(each, clock, 1)[0] for each in (one, other) * 4]
    assert moments == pytest.approx([0, 0, 0, 0, 0.5, 1.0, 1.5, 2.0])


@given(pauses=st.lists(st.floats(0, 5), max_size=40), rate=st.floats(0.2, 50))
def test_no_window_holds_more_than_the_burst_and_the_rate(tmp_path_factory, pauses, rate):
    clock = Clock()
    ours, moments = make_bucket(tmp_path_factory.mktemp("rate"), clock, rate), []
    for pause in pauses:
        clock.now += pause
        moments += taken(ours, clock, 1)
    for first, begin in enumerate(moments):
        for count, end in enumerate(moments[first:], start=1):
            assert count <= BURST + rate * (end - begin) + 1e-6


def test_a_hold_stops_everybody_and_is_over_in_time(tmp_path, clock):
    one, other = make_bucket(tmp_path, clock), make_bucket(tmp_path, clock)
    one.block(60)
    assert other.blocked_for() == 60
    assert taken(other, clock, 2) == pytest.approx([60, 60])
    assert one.blocked_for() == 0


@pytest.mark.parametrize("state", ["", "{", "[1]", "null", json.dumps([9e9, 9e9])])
def test_a_lost_or_impossible_state_does_not_stop_anybody(tmp_path, clock, state):
    ours = make_bucket(tmp_path, clock)
    ours.file.write_text(state)
    assert taken(ours, clock, 1)[0] <= BURST / ours.rate


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_that_is_none_is_refused(tmp_path, clock, rate):
    with pytest.raises(ConfigError, match="the rate must be above 0 requests a second"):
        make_bucket(tmp_path, clock, rate)
