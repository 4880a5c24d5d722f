import subprocess
import sys

import pytest

HOLD_AND_FREE = """
import numpy as np, pyarrow as pa
from volcast.pipeline.memory import release_memory

def read_resident():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024

arrays = [np.ones(10_000) for _ in range(4_000)]  # 80 kB each, from the C library's heap
table = pa.table({"x": pa.array(np.arange(20_000_000.0)).cast(pa.float32())})
full = read_resident()
del arrays[:-1], table
release_memory()
print(full - read_resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_memory_goes_back_to_the_system():
    answer = subprocess.run(
        [sys.executable, "-c", HOLD_AND_FREE], capture_output=True, text=True, check=True
    )
    assert float(answer.stdout) > 300.0  # MiB, of the 305 of the arrays and 76 of the table
