"""Yahoo's exchange codes, and the calendars of all exchanges that it names."""

import pytest

from tests.pipeline.data.calendars.samples import between
from volcast.pipeline.data.calendars.ticker_calendar import CALENDAR_BY_SUFFIX
from volcast.pipeline.data.calendars.yahoo_exchanges import CALENDAR_BY_EXCHANGE


def test_the_codes_of_yahoo_name_the_calendars_of_its_suffixes():
    assert set(CALENDAR_BY_EXCHANGE.values()) == {"XNYS", *CALENDAR_BY_SUFFIX.values()} - {
        *("XRIS", "XSTU", "XTAL", "XLIT"),  # Yahoo's codes for them are not known
    }
    assert CALENDAR_BY_EXCHANGE["NMS"] == CALENDAR_BY_EXCHANGE["PCX"] == "XNYS"
    assert (CALENDAR_BY_EXCHANGE["CCC"], CALENDAR_BY_EXCHANGE["CCY"]) == ("24/7", "24/5")


@pytest.mark.slow
def test_every_exchange_that_yahoo_names_has_a_calendar():
    for name in {*CALENDAR_BY_EXCHANGE.values(), *CALENDAR_BY_SUFFIX.values()}:
        assert len(between(name, "2022-03-01", "2022-03-31")) > 15
