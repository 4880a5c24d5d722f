from pathlib import Path

import pytest

from tests.pipeline.serve.samples import NOW
from volcast.pipeline.errors import ConfigError
from volcast.pipeline.home import Home
from volcast.pipeline.serve.options import ServeOptions


@pytest.mark.parametrize("options", [{"host": "0.0.0.0"}, {"allowed_hosts": ("a.example",)}])
def test_others_are_served_with_tokens_only(tmp_path, options):
    chosen = ServeOptions(Home(tmp_path), **options)
    with pytest.raises(ConfigError, match="only with tokens"):
        chosen.check()
    chosen.tokens.create("ann", "read", NOW)
    chosen.check()
    chosen.tokens.revoke("ann", NOW)
    with pytest.raises(ConfigError, match="has no valid one"):
        chosen.check()


def test_this_machine_is_served_without_tokens(tmp_path):
    ServeOptions(Home(tmp_path)).check()
    ServeOptions(Home(tmp_path), host="::1").check()


def test_a_home_that_does_not_exist_is_named():
    with pytest.raises(ConfigError, match="does not exist"):
        ServeOptions(Home(Path("/nowhere/at/all"))).check()


def test_names_of_the_server():
    home = Home(Path())
    assert "localhost" in ServeOptions(home).host_names
    assert ServeOptions(home, host="10.0.0.1").host_names == ()
    assert "a.example" in ServeOptions(home, allowed_hosts=("A.example",)).host_names
