"""Write forecasts one after the other in a separate process: PATH, NAME, COUNT, STOP.

It prints "ready", waits for a line on standard input, and prints the number of each commit. It ends
after COUNT, or when there is a file STOP.
"""

import datetime as dt
import sys
from pathlib import Path

from tests.pipeline.ledger.samples import EVENING, forecast, har
from volcast.pipeline.ledger.ledger import Ledger

if __name__ == "__main__":
    path, name, count, stop = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    with Ledger.to_write(path) as ledger:
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(count):
            if stop.exists():
                break
            ticker = f"{name}{number}"
            now = EVENING + dt.timedelta(milliseconds=number)
            ledger.add_forecasts([forecast(ticker=ticker), har(ticker=ticker)], now=now)
            print(number, flush=True)
