"""The champion is known without MLflow."""

import pytest

from tests.pipeline.registry.samples import NEEDS_MLFLOW, promote
from volcast.pipeline.errors import RegistryError
from volcast.pipeline.home import Home
from volcast.pipeline.registry.champion_file import read_champion

pytestmark = NEEDS_MLFLOW


def test_the_champion_is_known_without_mlflow(three, home):
    assert read_champion(Home(home.folder / "nowhere")) is None
    promote(three, 3)
    champion, folder = read_champion(home)
    assert (champion.version, champion.model) == (3, "network")
    assert folder == three.folder(three.version(3))
    home.registry.write_bytes(b"garbage" * 900)
    assert read_champion(home)[0] == champion
    (folder / "forecast.json").write_text("altered")
    with pytest.raises(RegistryError, match="differs from what was registered"):
        read_champion(home)
    home.champion.write_text("{")
    with pytest.raises(RegistryError, match=r"champion.json is damaged"):
        read_champion(home)


def test_an_alias_set_elsewhere_is_written_to_champion_json(three, home):
    """As MLflow's own page does it."""
    three._client.set_registered_model_alias("volcast", "champion", "4")
    assert three.champion().number == 4
    assert read_champion(home)[0].version == 4
