"""The network of a run on disk, with its vintage if it has one; there is no pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeAlias

from volcast.models.network import Network
from volcast.models.pretrained.combination import Combination
from volcast.models.pretrained.combined_network import CombinedNetwork
from volcast.models.pretrained.vintage_folder import copy_vintage, load_vintage
from volcast.models.regressor.estimator import KerasVolatilityRegressor

AnyNetwork: TypeAlias = Network | CombinedNetwork

VINTAGES = "pretrained"  # the folder of the vintage's folder, which keeps its name
COMBINATION = "combination.json"
SHOWN_DIGITS = 12


def save_network(folder: Path, network: AnyNetwork) -> None:
    """Write a fitted network into `folder`, with a copy of its vintage.

    A vintage that ships or a folder of vintages may change; forecasts must stay reproducible.
    """
    network.regressor.save(folder)
    if isinstance(network, CombinedNetwork):
        copy_vintage(network.vintage, folder / VINTAGES)
        record = {"vintage": network.vintage.name, **network.combination_.to_dict()}
        (folder / COMBINATION).write_text(json.dumps(record), encoding="utf-8")


def describe_vintage(network: AnyNetwork, horizon: int) -> str | None:
    """Return the name and the hash of a network's vintage, such as "2017-11 3fa9c2d41b07".

    It is None for a network without a vintage, and at a horizon that the vintage does not forecast.
    """
    if not isinstance(network, CombinedNetwork) or horizon not in network.vintage.horizons:
        return None
    return f"{network.vintage.name} {network.vintage.digest[:SHOWN_DIGITS]}"


def load_network(folder: Path) -> AnyNetwork:
    """Return the network that `save_network` wrote; its forecasts are bit-identical.

    Raises
    ------
    ValueError
        A file is missing, damaged or of another format; the message names it.
    """
    local = Network(KerasVolatilityRegressor.load(folder))
    path = folder / COMBINATION
    if not path.exists():
        if (folder / VINTAGES).exists():
            raise ValueError(f"{path} is missing, but {folder / VINTAGES} holds a vintage")
        return local
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        name, combination = record["vintage"], Combination.from_dict(record)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    return CombinedNetwork(local, load_vintage(folder / VINTAGES / name), combination)
