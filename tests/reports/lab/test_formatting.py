import numpy as np

from volcast.reports.lab.formatting import exact, listed


def test_numbers_and_lists_are_written_in_words():
    assert listed(["a"]) == "a"
    assert listed(["a", 1, "c"]) == "a, 1 and c"
    assert exact(np.float64(0.1) + 0.2) == "0.30000000000000004"
