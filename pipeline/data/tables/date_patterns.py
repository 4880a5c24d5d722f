"""How dates and times of day are written: patterns, names of months, time zones."""

import re
import unicodedata
from dataclasses import dataclass

REST = r"(?P<rest>(?:[T\s,].*)?)$"
# Not a class of letters: RE2 takes tenths of a second to compile one of Unicode that is repeated.
WORD = r"[^\s\d.,:/-]+"
WEEKDAY = rf"^(?:{WORD}[.,]+\s*|{WORD}\s+)??"
ISO = (
    r"^(?P<year>\d{4})\s?[-/.年]\s?(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})[日.]?"
    r"(?P<rest>(?:[T\s,].*|Z)?)$"
)
COMPACT = r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?P<rest>(?:[T\s].*)?)$"
# Taiwan counts the years of the republic: 112 is 2023.
REPUBLIC = r"^(?P<year>1\d\d)/(?P<month>\d{1,2})/(?P<day>\d{1,2})$"
REPUBLIC_EPOCH = 1911
THREE_NUMBERS = (
    r"(?P<first>\d{1,2})\s?[-/.]\s?(?P<second>\d{1,2})\s?[-/.]\s?(?P<year>\d{4}|\d{2})\.?"
)
NUMERIC = (rf"^{THREE_NUMBERS}{REST}", WEEKDAY + THREE_NUMBERS + REST)
NAMED = (
    WEEKDAY
    + r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?[-/.\s]*(?:de\s+|of\s+)?"
    + rf"(?P<month>{WORD})\.?[-/.\s,]*(?:de\s+)?(?P<year>\d{{4}}|\d{{2}})(?:\s?{WORD}\.)?"
    + REST,
    WEEKDAY
    + rf"(?P<month>{WORD})\.?[-/\s]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:[,\s/-]+)"
    + r"(?P<year>\d{4})"
    + REST,
    rf"^(?P<year>\d{{4}})[-/.\s]+(?P<month>{WORD})\.?[-/.\s]+(?P<day>\d{{1,2}})" + REST,
)
EPOCH = r"^(?P<number>\d{9,19})(?:\.(?P<fraction>\d*))?$"
SERIAL = r"^(?P<number>[2-6]\d{4})(?:\.\d+)?$"
# English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Swedish, Turkish, Russian;
# without accents. The longest beginning of a word counts.
MONTHS = {
    1: "jan ene gen sty oca янв",
    2: "feb fev fevr febr lut sub фев",
    3: "mar mrz maa mrt мар",
    4: "apr avr abr kwi nis апр",
    5: "may mai mag maj mei мая маи",
    6: "jun juin giu cze haz июн",
    7: "jul juil lug lip tem июл",
    8: "aug ago aou aout sie agu авг",
    9: "sep set sept wrz eyl сен",
    10: "oct okt ott out paz eki окт",
    11: "nov lis kas ноя",
    12: "dec dez dic dez gru ara дек",
}
MONTH_OF = {name: month for month, names in MONTHS.items() for name in names.split()}
TIME = re.compile(
    r"^[T\s,]*(?P<hour>\d{1,2})[:.h]?(?P<minute>\d{2})(?:[:.]?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{1,2}|(?:UTC|GMT)[+-]\d{1,2}(?::?\d{2})?|"
    r"[A-Z]{2,5}|)?(?:\s*\[[\w/+-]+\])?$",
    re.IGNORECASE,
)
ONLY_ZONE = re.compile(r"^[T\s,]*(?P<zone>Z|[A-Z]{3,4}|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
OFFSET = re.compile(
    r"^(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?$", re.IGNORECASE
)
MINUTE, DAY = 60_000_000, 86_400_000_000  # microseconds


@dataclass(frozen=True)
class TimeOfDay:
    """What follows a date: microseconds since midnight, and the offset from UTC.

    ``offset`` is in microseconds; None if the time says no zone, or one by a name such as EST.
    """

    microseconds: int
    offset: int | None
    given: bool


def find_month(word: str) -> int:
    """Return the number of a month from its name or the beginning of it; 0 if it is none.

    Examples
    --------
    >>> find_month("März"), find_month("juillet"), find_month("Paź"), find_month("Sum")
    (3, 7, 10, 0)
    """
    decomposed = unicodedata.normalize("NFKD", word.casefold().replace("ł", "l"))
    bare = "".join(letter for letter in decomposed if letter.isalpha())
    return next((MONTH_OF[bare[:n]] for n in (4, 3) if bare[:n] in MONTH_OF), 0)


def parse_time_of_day(text: str) -> TimeOfDay | None:
    """Return the time of day and the offset that follow a date; None if they cannot be read.

    Examples
    --------
    >>> parse_time_of_day("T15:00:00+00:00")
    TimeOfDay(microseconds=54000000000, offset=0, given=True)
    >>> parse_time_of_day(""), parse_time_of_day(" 25:00")
    (TimeOfDay(microseconds=0, offset=None, given=False), None)
    """
    text = text.strip().rstrip(",")
    if not text:
        return TimeOfDay(0, None, given=False)
    if alone := ONLY_ZONE.match(text):
        return TimeOfDay(0, _parse_offset(alone["zone"]), given=True)
    found = TIME.match(text)
    if not found:
        return None
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower().startswith("p") else 0)
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and minute + second > 0):
        return None
    fraction = int(f"{found['fraction'] or 0:0<9}") // 1000
    offset = _parse_offset(found["zone"] or "")
    if offset is not None and abs(offset) > DAY:
        return None
    return TimeOfDay(((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction, offset, True)


def _parse_offset(zone: str) -> int | None:
    if zone.upper() in ("Z", "UTC", "GMT"):
        return 0
    found = OFFSET.match(zone)
    if not found:
        return None
    minutes = int(found["hours"]) * 60 + int(found["minutes"] or 0)
    return (-minutes if found["sign"] == "-" else minutes) * MINUTE
