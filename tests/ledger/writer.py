"""Write forecasts one after the other in a process of its own: PATH, NAME, COUNT, BREATH.

It says "ready", waits for a line on standard input, and says the number of each commit. BREATH is
the time in seconds between two commits, in which another writer can have its turn.
"""

import datetime as dt
import sys
import time
from pathlib import Path

from pipeline.ledger.ledger import Ledger
from tests.ledger.samples import EVENING, forecast, har

if __name__ == "__main__":
    path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    breath = float(sys.argv[4])
    with Ledger.to_write(path) as ledger:
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(count):
            ticker = f"{name}{number}"
            now = EVENING + dt.timedelta(seconds=number)
            ledger.add_forecasts([forecast(ticker=ticker), har(ticker=ticker)], now=now)
            print(number, flush=True)
            time.sleep(breath)
