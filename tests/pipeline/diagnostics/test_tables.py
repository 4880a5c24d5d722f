"""The tables of diagnostics on disk."""

import pandas as pd
import pytest

from volcast.pipeline.diagnostics.tables import read_tables, write_tables
from volcast.pipeline.errors import StorageError


def test_a_table_of_no_diagnostic_is_refused(tmp_path):
    write_tables(tmp_path, "weather", {"rain": pd.DataFrame({"x": [1]})})
    with pytest.raises(StorageError, match="belongs to no diagnostic; delete it and run again"):
        read_tables(tmp_path)
