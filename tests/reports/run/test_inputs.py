import pandas as pd
import pytest

from tests.reports import synthetic


def test_a_table_that_lacks_a_column_is_refused(inputs, history):
    with pytest.raises(ValueError, match="`today`"):
        synthetic.make_inputs(inputs.forecasts, history, today=pd.DataFrame({"ticker": []}))
    with pytest.raises(ValueError, match="interval_level"):
        synthetic.make_inputs(inputs.forecasts, history, interval_level=90)
