"""A valid table in any mixture of conventions becomes the same bars, or is refused as ambiguous."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.pipeline.data.conftest import asking
from tests.pipeline.data.tables.conventions import tables
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.errors import DataError

AMBIGUOUS = "can be read in two ways"


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table=tables())
def test_any_mixture_of_conventions_is_the_same_bars_or_refused(tmp_path, table):
    data, bars = table
    file = tmp_path / "AAA.csv"
    file.write_bytes(data)
    try:
        found = FilesSource(file).load(asking()).bars
    except DataError as error:
        assert AMBIGUOUS in str(error)
        return
    assert found["session"].tolist() == bars["session"].tolist()
    for name in ("open", "high", "low", "close"):
        assert found[name].to_numpy() == pytest.approx(bars[name].to_numpy(), rel=1e-9)
    volume = found["volume"].to_numpy()
    assert np.isnan(volume).sum() == 0
    assert volume == pytest.approx(bars["volume"].to_numpy())
