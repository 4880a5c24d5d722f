import json
import stat

import pytest

from tests.pipeline.serve.samples import NOW
from volcast.pipeline.errors import ConfigError, StorageError
from volcast.pipeline.serve.security.tokens import TokenFile


@pytest.fixture
def file(tmp_path):
    return TokenFile(tmp_path / "tokens.json")


def test_a_token_is_found_until_it_is_revoked(file):
    text = file.create("ann", "admin", NOW)
    assert file.find(text).name == "ann"
    other = TokenFile(file.path)
    other.revoke("ann", NOW)
    assert file.find(text) is None
    assert file.list_tokens()[0].revoked_at == "2018-02-01T12:00:00Z"
    assert file.create("ann", "read", NOW) != text


def test_only_the_owner_reads_the_file_and_no_secret_is_in_it(file):
    text = file.create("ann", "read", NOW)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert text.split("_", 2)[2] not in file.path.read_text()


@pytest.mark.parametrize("change", [str.upper, lambda text: text[:-1], lambda text: f"{text}x"])
def test_a_token_that_differs_is_not_found(file, change):
    text = file.create("ann", "read", NOW)
    assert file.find(change(text)) is None
    assert file.find("") is None


def test_names_have_a_rule_and_are_used_once(file):
    file.create("ann", "read", NOW)
    with pytest.raises(ConfigError, match="there is a token 'ann'"):
        file.create("ann", "read", NOW)
    with pytest.raises(ConfigError, match="begin with a letter"):
        file.create("-ann\n", "read", NOW)
    with pytest.raises(ConfigError, match="there are: ann"):
        file.revoke("bob", NOW)


def test_a_damaged_file_is_named(file):
    file.path.write_text(json.dumps({"format": 2, "tokens": []}))
    with pytest.raises(StorageError, match="its format is 2"):
        file.list_tokens()
