"""A vintage on disk that all tests of the folder share."""

import dataclasses

import pytest

from tests.models.pretrained.samples import make_vintage
from tests.models.samples import make_sample
from volcast.models.pretrained.vintage_folder import load_vintage, save_vintage


@pytest.fixture(scope="session")
def vintage_folder(tmp_path_factory):
    """The folder of a vintage; not to be changed."""
    folder = tmp_path_factory.mktemp("vintages") / "2011-02"
    early = dataclasses.replace(make_vintage(), last_target=make_sample().sessions[404])
    save_vintage(folder, early, card={"key": "k"})
    return folder


@pytest.fixture(scope="session")
def stored_vintage(vintage_folder):
    return load_vintage(vintage_folder)
