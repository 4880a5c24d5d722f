"""XOR with and without hidden neurons."""

from volcast.models.lab import (
    xor,
)


def test_xor_is_solved_by_hidden_neurons_and_by_no_single_one(tables):
    seeds = tables["xor"]["seeds"]
    assert (seeds.loc[seeds["units"] == xor.HIDDEN, "right"] == 4).all()
    assert (seeds.loc[seeds["units"] == 0, "right"] < 4).all()
    assert tables["xor"]["points"]["right"].all()
    assert tables["xor"]["points"]["probability"].min() > 0.95
