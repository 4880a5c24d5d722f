"""Sources built from their names, and packages that cannot be used."""

import pytest

from volcast.pipeline.data.sources.catalogue import SOURCES, list_sources
from volcast.pipeline.data.sources.factory import build_source
from volcast.pipeline.data.sources.files import FilesSource
from volcast.pipeline.data.sources.sample import SampleSource
from volcast.pipeline.data.sources.stored import StoredSource
from volcast.pipeline.data.sources.tiingo import TiingoSource
from volcast.pipeline.errors import ConfigError


def test_sources_go_by_their_names(tmp_path):
    assert isinstance(build_source("sample"), SampleSource)
    assert isinstance(build_source("yahoo"), StoredSource)
    assert isinstance(build_source("tiingo"), TiingoSource)
    assert isinstance(build_source("files", tmp_path), FilesSource)
    with pytest.raises(ConfigError, match="needs a path"):
        build_source("files")
    with pytest.raises(ConfigError, match="use one of sample, sample-stocks, files, yahoo"):
        build_source("bloomberg")


def test_a_name_of_volcasts_own_cannot_be_taken(installed):
    installed("thief", "class S: pass", "sample = thief:S")
    assert type(build_source("sample")).__name__ == "SampleSource"
    assert list_sources() == tuple(SOURCES)


def test_one_name_in_two_packages_is_refused(installed):
    installed("one", "", "same = one:S")
    installed("two", "", "same = two:S")
    with pytest.raises(ConfigError, match=r"several packages: one \(one:S\), two \(two:S\)"):
        build_source("same")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import no_such_module", "of theirs (theirs:S) cannot be loaded (ModuleNotFoundError: No"),
        ("x = 1", "cannot be loaded (AttributeError: module 'theirs' has no attribute 'S'"),
        ("S = 3", "cannot be loaded (TypeError: 'int' object is not callable"),
        ("class S: pass", "cannot be loaded (TypeError: S() takes no arguments"),
        ("def S(path): raise OSError('no disk')", "cannot be loaded (OSError: no disk"),
    ],
)
def test_a_source_that_cannot_be_loaded_names_its_package(installed, code, says):
    installed("theirs", code, "theirs = theirs:S")
    with pytest.raises(ConfigError) as caught:
        build_source("theirs")
    assert says in str(caught.value)


def test_a_source_may_refuse_its_options(installed):
    code = (
        "from volcast.pipeline.errors import ConfigError\ndef S(path): raise ConfigError('set FOO')"
    )
    installed("theirs", code, "theirs = theirs:S")
    with pytest.raises(ConfigError, match=r"^set FOO$"):
        build_source("theirs")
