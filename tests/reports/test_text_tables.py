import pandas as pd

from volcast.reports.text_tables import MISSING, Column, date, p_value, text_table


def test_a_missing_value_is_a_dash_and_a_missing_date_is_empty():
    assert Column("a", "A", ".1f").text(float("nan")) == MISSING
    assert date(pd.NaT) == ""


def test_columns_of_numbers_are_set_flush_right():
    assert Column("a", "A", ".1f").numeric
    assert Column("a", "A", p_value).numeric
    assert Column("a", "A", right=True).numeric
    assert not Column("a", "A").numeric


def test_the_rows_of_the_emphasised_model_are_marked():
    frame = pd.DataFrame({"model": ["har", "network"]})
    assert text_table(frame, [Column("model", "Model")], emphasise="network").emphasised == [0, 1]
