"""Yahoo's exchange codes, and the calendars of all exchanges that it names."""

import exchange_calendars
import pytest

from tests.pipeline.data.calendars.samples import between
from volcast.pipeline.data.calendars.exchange_codes import CALENDAR_BY_SUFFIX
from volcast.pipeline.data.calendars.yahoo_exchanges import CALENDAR_BY_EXCHANGE

SLOW = ("XKRX", "XMOS")


def test_the_codes_of_yahoo_name_calendars_that_suffixes_name_too():
    assert set(CALENDAR_BY_EXCHANGE.values()) <= {"24/7", *CALENDAR_BY_SUFFIX.values()}
    assert CALENDAR_BY_EXCHANGE["NMS"] == CALENDAR_BY_EXCHANGE["PCX"] == "XNYS"
    assert (CALENDAR_BY_EXCHANGE["CCC"], CALENDAR_BY_EXCHANGE["CCY"]) == ("24/7", "24/5")


@pytest.mark.parametrize("name", exchange_calendars.get_calendar_names(include_aliases=False))
def test_every_calendar_can_be_used(name):
    if name in SLOW:
        pytest.skip("takes seconds; see the slow test")
    assert len(between(name, "2022-03-01", "2022-03-31")) > 15


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_every_slow_calendar_can_be_used(name):
    assert len(between(name, "2022-03-01", "2022-03-31")) > 15
