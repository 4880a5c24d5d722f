"""Changes of champion: in the ledger first, then in the registry."""

import json

import pytest

from tests.pipeline.registry.samples import NEEDS_MLFLOW, NOW, interrupted
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.verify import verify
from volcast.pipeline.registry import promotion
from volcast.pipeline.registry.promotion import Justification

pytestmark = NEEDS_MLFLOW


def test_each_change_of_champion_is_in_the_ledger_with_who_and_why(three, home):
    justification = Justification("better by 5 % at p = 0.01", {"p": 0.01, "effect": 0.05})
    with Ledger.to_write(home.ledger) as ledger:
        change = promotion.promote(three, ledger, 2, justification, now=NOW)
        assert (change.before.number, change.after.number) == (1, 2)
        assert promotion.promote(three, ledger, 2, justification, now=NOW) is None
        promotion.rollback(
            three, ledger, Justification.manual_override("Ada", "it looked odd"), now=NOW
        )
        rows = ledger.table("decisions")
        verify(ledger)
    assert list(rows["action"]) == ["promote", "rollback"]
    assert list(rows["subject"]) == ["network 2", "har 1"]
    assert json.loads(rows["numbers"][0]) == {
        "p": 0.01,
        "effect": 0.05,
        "over": "har 1",
        "version": 2,
    }
    assert list(rows["who"].isna()) == [True, False]
    assert rows.loc[1, ["who", "why"]].tolist() == ["Ada", "it looked odd"]


def test_killed_between_ledger_and_alias_the_change_can_be_repeated(three, home, monkeypatch):
    with Ledger.to_write(home.ledger) as ledger:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(three, "apply_change", interrupted)
            promotion.promote(three, ledger, 2, Justification("better"), now=NOW)
        assert three.champion().number == 1
        assert (
            promotion.promote(three, ledger, 2, Justification("better"), now=NOW).after.number == 2
        )
        assert three.champion().number == 2
        assert list(ledger.table("decisions")["action"]) == ["promote"]
