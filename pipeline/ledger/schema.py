"""What the ledger's file holds: tables, the triggers that make them append-only, and one view."""

from __future__ import annotations

FORMAT = 1  # PRAGMA user_version
CHAIN = "chain"

# The columns of each table that the chain's hash covers, in its order; `seq` goes before them.
COLUMNS: dict[str, tuple[str, ...]] = {
    "forecasts": (
        *("origin", "target_start", "target_end", "horizon", "ticker"),
        *("model", "model_version", "role", "calendar"),
        *("data_vintage", "data_hash", "config_hash"),
        *("variance", "lower", "upper", "clipped", "fallback"),
        *("deadline", "written_at"),
    ),
    "outcomes": (
        *("origin", "ticker", "horizon"),
        *("realized", "log_return", "source_hash", "written_at"),
    ),
    "decisions": ("key", "action", "subject", "numbers", "reason", "who", "why", "written_at"),
    "alerts": ("name", "subject", "state", "message", "numbers", "written_at"),
}
FORECAST_KEY = ("origin", "ticker", "horizon", "model", "model_version")
CELL = ("origin", "ticker", "horizon")  # what an outcome belongs to
UNIQUE: dict[str, tuple[tuple[str, ...], ...]] = {
    CHAIN: (("seq",), ("hash",)),
    "forecasts": (("seq",), FORECAST_KEY),
    "outcomes": (("seq",),),
    "decisions": (("seq",), ("key",)),
    "alerts": (("seq",),),
}

DAY = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"
MOMENT = "GLOB '????-??-??T??:??:??.??????Z'"  # UTC, so that text sorts as time

TABLES = (
    """
CREATE TABLE chain (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('forecasts', 'outcomes', 'decisions', 'alerts')),
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64)
) STRICT""",
    f"""
CREATE TABLE forecasts (
    seq INTEGER PRIMARY KEY REFERENCES chain (seq),
    origin TEXT NOT NULL CHECK (origin {DAY}),
    target_start TEXT NOT NULL CHECK (target_start {DAY} AND target_start > origin),
    target_end TEXT NOT NULL CHECK (target_end {DAY} AND target_end >= target_start),
    horizon INTEGER NOT NULL CHECK (horizon > 0),
    ticker TEXT NOT NULL,
    model TEXT NOT NULL,
    model_version TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('champion', 'challenger', 'fallback')),
    calendar TEXT NOT NULL,
    data_vintage TEXT NOT NULL CHECK (data_vintage {MOMENT}),
    data_hash TEXT NOT NULL,
    config_hash TEXT NOT NULL,
    variance REAL NOT NULL CHECK (variance > 0),
    lower REAL,
    upper REAL CHECK (upper >= lower),
    clipped INTEGER NOT NULL CHECK (clipped IN (0, 1)),
    fallback INTEGER NOT NULL CHECK (fallback IN (0, 1)),
    deadline TEXT NOT NULL CHECK (deadline {MOMENT}),
    written_at TEXT NOT NULL CHECK (written_at {MOMENT}),
    live INTEGER GENERATED ALWAYS AS (written_at < deadline) VIRTUAL
) STRICT""",
    f"""
CREATE TABLE outcomes (
    seq INTEGER PRIMARY KEY REFERENCES chain (seq),
    origin TEXT NOT NULL CHECK (origin {DAY}),
    ticker TEXT NOT NULL,
    horizon INTEGER NOT NULL CHECK (horizon > 0),
    realized REAL CHECK (realized >= 0),
    log_return REAL,
    source_hash TEXT NOT NULL,
    written_at TEXT NOT NULL CHECK (written_at {MOMENT})
) STRICT""",
    f"""
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY REFERENCES chain (seq),
    key TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    numbers TEXT NOT NULL CHECK (json_valid(numbers)),
    reason TEXT NOT NULL CHECK (length(reason) > 0),
    who TEXT,
    why TEXT CHECK ((who IS NULL) = (why IS NULL)),
    written_at TEXT NOT NULL CHECK (written_at {MOMENT})
) STRICT""",
    f"""
CREATE TABLE alerts (
    seq INTEGER PRIMARY KEY REFERENCES chain (seq),
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('raised', 'cleared')),
    message TEXT NOT NULL,
    numbers TEXT NOT NULL CHECK (json_valid(numbers)),
    written_at TEXT NOT NULL CHECK (written_at {MOMENT})
) STRICT""",
)
INDEXES = (
    f"CREATE UNIQUE INDEX one_forecast ON forecasts ({', '.join(FORECAST_KEY)})",
    "CREATE UNIQUE INDEX one_champion ON forecasts (origin, ticker, horizon) "
    "WHERE role = 'champion'",
    "CREATE INDEX outcomes_of ON outcomes (origin, ticker, horizon, seq)",
    "CREATE UNIQUE INDEX one_decision ON decisions (key)",
    "CREATE INDEX alerts_of ON alerts (name, subject, seq)",
)
# Each forecast beside the newest of its outcomes.
VIEW = """
CREATE VIEW scored AS
SELECT f.*, o.realized, o.log_return, o.written_at AS outcome_written_at,
    (SELECT count(*) FROM outcomes r WHERE (r.origin, r.ticker, r.horizon)
        = (f.origin, f.ticker, f.horizon)) AS outcome_rows
FROM forecasts f LEFT JOIN outcomes o ON o.seq =
    (SELECT max(n.seq) FROM outcomes n WHERE (n.origin, n.ticker, n.horizon)
        = (f.origin, f.ticker, f.horizon))"""


def _triggers() -> list[str]:
    """Return the triggers: no row changes, none goes, and none takes another's place."""
    made = []
    for table, keys in UNIQUE.items():
        refused = f"RAISE(ABORT, 'the ledger is append-only: no row of {table} is"
        for verb, done in (("UPDATE", "changed"), ("DELETE", "removed")):
            made.append(
                f"CREATE TRIGGER {table}_never_{done} BEFORE {verb} ON {table} "
                f"BEGIN SELECT {refused} ever {done}'); END"
            )
        same = " OR ".join(_equal(key) for key in keys)
        if table == "forecasts":
            same += f" OR {_equal((*CELL, 'role'))} AND role = 'champion'"
        # INSERT OR REPLACE removes the old row without asking the DELETE trigger.
        made.append(
            f"CREATE TRIGGER {table}_never_replaced BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
            f"BEGIN SELECT {refused} ever replaced'); END"
        )
    return made


def _equal(key: tuple[str, ...]) -> str:
    return f"({', '.join(key)}) = ({', '.join(f'NEW.{name}' for name in key)})"


STATEMENTS: tuple[str, ...] = (*(t.strip() for t in TABLES), *INDEXES, VIEW.strip(), *_triggers())
