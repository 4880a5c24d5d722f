"""Retries, and the pauses after a rate limit, computed by hand."""

import pytest

from tests.pipeline.data.download.samples import make_bucket
from volcast.pipeline.data.contract.client import RateLimitError, TransientError
from volcast.pipeline.data.download.circuit_breaker import CircuitBreaker, RetryPolicy


def answering(*answers):
    """Return a request with these answers, exceptions raised."""
    left = list(answers)

    def request():
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return request


def test_the_pauses_of_a_row_of_refusals_double_until_patience_ends(tmp_path, clock):
    policy = RetryPolicy(pause=60, max_pause=200, max_total_pause=500)
    ours, notes = make_bucket(tmp_path, clock), []
    breaker, pauses = CircuitBreaker(ours, policy, notes.append), []
    while not breaker.exhausted:
        with pytest.raises(RateLimitError):
            breaker.call(answering(RateLimitError("limited")))
        pauses.append(ours.blocked_for())
        clock.now += ours.blocked_for()
    assert pauses == [60, 120, 200]  # another 200 would be more than 500
    assert notes[0] == "limited: pausing for 60 s, then continuing"


def test_an_answer_ends_the_row(tmp_path, clock):
    ours = make_bucket(tmp_path, clock)
    breaker = CircuitBreaker(ours, RetryPolicy(pause=60), lambda _: None)
    for _ in range(3):
        with pytest.raises(RateLimitError):
            breaker.call(answering(RateLimitError("limited")))
        assert ours.blocked_for() == 60
        clock.now += 60
        assert breaker.call(answering("prices")) == "prices"


def test_what_may_be_over_in_a_moment_is_asked_again_and_then_given_up(tmp_path, clock):
    policy = RetryPolicy(attempts=3, wait=0.001, max_wait=0.002)
    breaker = CircuitBreaker(make_bucket(tmp_path, clock), policy, lambda _: None)
    down = TransientError("down")
    assert breaker.call(answering(down, down, "prices")) == "prices"
    with pytest.raises(TransientError, match="down"):
        breaker.call(answering(down, down, down, "prices"))
    with pytest.raises(KeyboardInterrupt):
        breaker.call(answering_interrupt)


def answering_interrupt():
    raise KeyboardInterrupt
