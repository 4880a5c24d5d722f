"""Every experiment gives tables."""

from volcast.models.lab.experiments import EXPERIMENTS


def test_every_experiment_gives_tables_with_rows(tables):
    assert tables.keys() == EXPERIMENTS.keys()
    for name, found in tables.items():
        assert found and all(len(table) for table in found.values()), name
