"""The token bucket by a clock of its own, and the breaker's pauses by hand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volcast.pipeline.data.contract.client import RateLimitError, TransientError
from volcast.pipeline.data.download.circuit_breaker import CircuitBreaker, RetryPolicy
from volcast.pipeline.data.download.rate_limit import BURST, TokenBucket
from volcast.pipeline.errors import ConfigError


class Clock:
    """Time that passes only in sleep."""

    def __init__(self):
        self.now, self.slept = 1_000_000.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


def bucket(folder, clock, rate=2.0):
    return TokenBucket(folder / ".rate.json", rate, clock=clock, sleep=clock.sleep)


def taken(bucket, clock, count):
    moments = []
    for _ in range(count):
        bucket.take()
        moments.append(clock.now - 1_000_000.0)
    return moments


def test_after_a_rest_a_burst_goes_through_and_then_one_at_each_interval(tmp_path, clock):
    expected = [0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 1.5]
    assert taken(bucket(tmp_path, clock), clock, 7) == pytest.approx(expected)
    clock.now += 1.0  # two tokens come back
    assert taken(bucket(tmp_path, clock), clock, 3) == pytest.approx([2.5, 2.5, 3.0])


def test_processes_share_the_bucket_of_a_folder(tmp_path, clock):
    one, other = bucket(tmp_path, clock), bucket(tmp_path, clock)
    moments = [taken(each, clock, 1)[0] for each in (one, other) * 4]
    assert moments == pytest.approx([0, 0, 0, 0, 0.5, 1.0, 1.5, 2.0])


@given(pauses=st.lists(st.floats(0, 5), max_size=40), rate=st.floats(0.2, 50))
def test_no_window_holds_more_than_the_burst_and_the_rate(tmp_path_factory, pauses, rate):
    clock = Clock()
    ours, moments = bucket(tmp_path_factory.mktemp("rate"), clock, rate), []
    for pause in pauses:
        clock.now += pause
        moments += taken(ours, clock, 1)
    for first, begin in enumerate(moments):
        for count, end in enumerate(moments[first:], start=1):
            assert count <= BURST + rate * (end - begin) + 1e-6


def test_a_hold_stops_everybody_and_is_over_in_time(tmp_path, clock):
    one, other = bucket(tmp_path, clock), bucket(tmp_path, clock)
    one.hold(60)
    assert other.held() == 60
    assert taken(other, clock, 2) == pytest.approx([60, 60])
    assert one.held() == 0


@pytest.mark.parametrize("state", ["", "{", "[1]", "null", json.dumps([9e9, 9e9])])
def test_a_lost_or_impossible_state_does_not_stop_anybody(tmp_path, clock, state):
    ours = bucket(tmp_path, clock)
    ours.file.write_text(state)
    assert taken(ours, clock, 1)[0] <= BURST / ours.rate


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_that_is_none_is_refused(tmp_path, clock, rate):
    with pytest.raises(ConfigError, match="the rate must be above 0 requests a second"):
        bucket(tmp_path, clock, rate)


def answering(*answers):
    """Return a question with these answers, exceptions raised."""
    left = list(answers)

    def question():
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return question


def test_the_pauses_of_a_row_of_refusals_double_until_patience_ends(tmp_path, clock):
    patience = RetryPolicy(pause=60, pause_most=200, in_all=500)
    ours, told = bucket(tmp_path, clock), []
    breaker, held = CircuitBreaker(ours, patience, told.append), []
    while not breaker.exhausted:
        with pytest.raises(RateLimitError):
            breaker.ask(answering(RateLimitError("limited")))
        held.append(ours.held())
        clock.now += ours.held()
    assert held == [60, 120, 200]  # another 200 would be more than 500
    assert told[0] == "limited: pausing for 60 s, then going on"


def test_an_answer_ends_the_row(tmp_path, clock):
    ours = bucket(tmp_path, clock)
    breaker = CircuitBreaker(ours, RetryPolicy(pause=60), lambda _: None)
    for _ in range(3):
        with pytest.raises(RateLimitError):
            breaker.ask(answering(RateLimitError("limited")))
        assert ours.held() == 60
        clock.now += 60
        assert breaker.ask(answering("prices")) == "prices"


def test_what_may_be_over_in_a_moment_is_asked_again_and_then_given_up(tmp_path, clock):
    patience = RetryPolicy(attempts=3, wait=0.001, wait_most=0.002)
    breaker = CircuitBreaker(bucket(tmp_path, clock), patience, lambda _: None)
    down = TransientError("down")
    assert breaker.ask(answering(down, down, "prices")) == "prices"
    with pytest.raises(TransientError, match="down"):
        breaker.ask(answering(down, down, down, "prices"))
    with pytest.raises(KeyboardInterrupt):
        breaker.ask(answering_interrupt)


def answering_interrupt():
    raise KeyboardInterrupt
