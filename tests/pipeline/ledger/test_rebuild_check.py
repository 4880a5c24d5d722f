"""Past forecasts rebuilt, and compared with the ledger bit for bit."""

import pytest

from tests.pipeline.ledger.samples import small_ledger
from volcast.pipeline.errors import LedgerError, RegistryError
from volcast.pipeline.ledger.ledger import Ledger
from volcast.pipeline.ledger.rebuild_check import rebuild_forecasts


@pytest.fixture
def ledger(tmp_path):
    with Ledger.to_read(small_ledger(tmp_path / "ledger.db")) as opened:
        yield opened


def test_past_forecasts_are_rebuilt_and_compared_bit_for_bit(ledger):
    asked = []

    def rebuild(row):
        asked.append(row)
        return row.variance

    assert rebuild_forecasts(ledger, rebuild, newest=2).identical == 2
    assert [row.seq for row in asked] == [9, 5]
    assert asked[1] == next(row for row in ledger.forecast_rows() if row.seq == 5)
    assert asked[1].live and asked[1].model_version == "2"
    assert rebuild_forecasts(ledger, rebuild).identical == 3
    with pytest.raises(LedgerError, match=r"row 9, the 1-session .* differs when it is rebuilt"):
        rebuild_forecasts(ledger, lambda row: row.variance * (1 + 2.5e-16)).check()
    with pytest.raises(LedgerError, match="rebuilt it is nan"):
        rebuild_forecasts(ledger, lambda row: float("nan")).check()


def test_failures_are_grouped_by_reason_and_all_forecasts_are_tried(ledger):
    def rebuild(row):
        if row.seq > 1:
            raise RegistryError("version 2 was removed")
        return row.variance

    result = rebuild_forecasts(ledger, rebuild)
    assert (result.identical, result.failures["version 2 was removed"].count) == (1, 2)
    with pytest.raises(LedgerError, match=r"2 forecasts cannot be rebuilt, the first row 9, .*"):
        result.check()
