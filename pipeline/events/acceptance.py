"""When EDGAR accepted a filing, from the two ways in which the SEC's JSON writes it.

``acceptanceDateTime`` of data.sec.gov ends in Z, but is the UTC time for most filers and New York's
clock for others, whole histories at a time; the newest filing may differ from the rest. The header
of the submission, ``<ACCEPTANCE-DATETIME>``, is always New York's clock. So the headers of the
newest filings are read; they also say how the older ones are written (decision 0029).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

from volcast.pipeline.data.calendars.opening_hours import open_and_close
from volcast.pipeline.events.event_table import AFTER_CLOSE, BEFORE_OPEN, UNKNOWN

NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = "XNYS"
# EDGAR takes filings from 6 to 22 o'clock; those after 17:30 are dated the next business day
# (Regulation S-T, rule 13).
ACCEPTS = (dt.time(6), dt.time(22, 0, 59))
DATED_NEXT_DAY_AFTER = dt.time(17, 30, 59)

Clock = Literal["utc", "new_york"]
CLOCKS: tuple[Clock, Clock] = ("utc", "new_york")


@dataclass(frozen=True)
class Filing:
    """One filing of a company's list.

    Parameters
    ----------
    accession
        Its number.
    written
        Its ``acceptanceDateTime``, without the Z.
    filed
        Its filing date.
    header
        New York's clock of its header; None if it was not read, or has none.

    Examples
    --------
    >>> filing = Filing("0-1", dt.datetime(2025, 5, 1, 20, 5), dt.date(2025, 5, 1))
    >>> [name for name in ("utc", "new_york") if filing.fits(name)]  # dated the same day
    ['utc']
    """

    accession: str
    written: dt.datetime
    filed: dt.date
    header: dt.datetime | None = None

    def read_as(self, clock: Clock) -> dt.datetime:
        """Return the moment of acceptance at New York, if the JSON is written in this clock."""
        zone = NEW_YORK if clock == "new_york" else dt.UTC
        return self.written.replace(tzinfo=zone).astimezone(NEW_YORK)

    def fits(self, clock: Clock) -> bool:
        """Return whether that moment agrees with EDGAR's hours and with the filing date."""
        moment = self.read_as(clock)
        if not ACCEPTS[0] <= moment.time() <= ACCEPTS[1]:
            return False
        if moment.time() > DATED_NEXT_DAY_AFTER:
            return self.filed > moment.date()
        return self.filed == moment.date()

    def find_clock(self) -> Clock | None:
        """Return the clock of the JSON by the header; None if it does not decide."""
        if self.header is None:
            return None
        utc, new_york = (
            abs(self.read_as(clock).replace(tzinfo=None) - self.header) < dt.timedelta(minutes=1)
            for clock in CLOCKS
        )
        return "utc" if utc else "new_york" if new_york else None


def find_acceptance(filing: Filing, usual: Clock | None) -> dt.datetime | None:
    """Return when a filing was accepted, at New York; None if that cannot be decided.

    Parameters
    ----------
    filing
        The filing; its header decides.
    usual
        How the company's older filings are written; None if no header says. It decides unless only
        the other reading agrees with EDGAR's hours and the filing date.
    """
    if filing.header is not None:
        return filing.header.replace(tzinfo=NEW_YORK)
    fitting = [clock for clock in CLOCKS if filing.fits(clock)]
    if len(fitting) == 1:
        return filing.read_as(fitting[0])
    return filing.read_as(usual) if usual else None


def find_usual_clock(filings: list[Filing]) -> Clock | None:
    """Return how the oldest filing whose header decides is written; None if there is none."""
    clocks = [filing.find_clock() for filing in sorted(filings, key=lambda one: one.written)]
    return next((clock for clock in clocks if clock), None)


def describe_report(filing: Filing, usual: Clock | None) -> dict[str, object]:
    """Return the row of a filing with results: date, time, learnt_at and reference.

    A report that is accepted before or during the session of its day is ``before_open``: that
    session is the first to trade on it. One that is accepted at or after the close is
    ``after_close``. If the moment cannot be decided, the filing date stands, the time is unknown,
    and ``learnt_at`` is the later of the two readings.

    Examples
    --------
    >>> filing = Filing("0-1", dt.datetime(2025, 5, 1, 20, 5), dt.date(2025, 5, 1))
    >>> row = describe_report(filing, None)
    >>> str(row["date"]), row["time"]
    ('2025-05-01', 'after_close')
    """
    moment = find_acceptance(filing, usual)
    fixed: dict[str, object] = {"authoritative": True, "reference": filing.accession}
    if moment is None:
        learnt_at = filing.read_as("new_york")
        return {"date": filing.filed, "time": UNKNOWN, "learnt_at": learnt_at, **fixed}
    _, closes = open_and_close(CALENDAR, moment.date())
    time = AFTER_CLOSE if moment >= closes else BEFORE_OPEN
    return {"date": moment.date(), "time": time, "learnt_at": moment, **fixed}


def with_header(filing: Filing, header: dt.datetime | None) -> Filing:
    """Return the filing with the clock of its header."""
    return replace(filing, header=header)
