"""Intraday files and a configuration that uses them."""

from tests.pipeline.samples import write_config


def written(folder, bars, name="AAA.csv"):
    folder.mkdir(exist_ok=True)
    bars.to_csv(folder / name, index=False)
    return folder / name


def config_of(folder, intraday, more="", weighting="sum"):
    data = f'[data]\nsource = "files"\nintraday = "{intraday}"\novernight = "{weighting}"\n{more}'
    return write_config(folder / "intraday.toml", data)
