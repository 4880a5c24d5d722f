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


COUNT_HEAPS = """
import ctypes, sys, threading
from volcast.pipeline.memory import limit_arenas

libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
if sys.argv[1] == "limited":
    limit_arenas()
barrier = threading.Barrier(12)

def allocate():
    barrier.wait()
    libc.malloc(1000)
    barrier.wait()

threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_memory_goes_back_to_the_system():
    answer = subprocess.run(
        [sys.executable, "-c", HOLD_AND_FREE], capture_output=True, text=True, check=True
    )
    assert float(answer.stdout) > 300.0  # MiB, of the 305 of the arrays and 76 of the table


@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
def test_threads_share_two_heaps_of_the_c_library(tmp_path):
    heaps = {}
    for name in ("limited", "free"):
        file = tmp_path / name
        subprocess.run([sys.executable, "-c", COUNT_HEAPS, name, str(file)], check=True)
        heaps[name] = file.read_text().count("<heap nr=")
    assert heaps["limited"] <= 2 < heaps["free"]
