"""How functions become commands, and how the options that set settings reach them."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from volcast.pipeline.cli.command import GivenSettings, command, setting_options
from volcast.pipeline.errors import ConfigError


@pytest.fixture
def call():
    """Call a command with words; return the settings it was handed, and its result."""
    group, handed = typer.Typer(), []

    @command(group)
    @setting_options("--ticker", "--data", "--seed", "--diagnose", "--start")
    def show(settings: GivenSettings, quiet: bool = False) -> None:
        """Show the settings.

        Parameters
        ----------
        settings
            Never printed.
        """
        handed.append(settings)

    @command(group, "second")
    def other() -> None:
        """Do nothing."""

    def run(*words):
        handed.clear()
        result = CliRunner().invoke(group, ["show", *words])
        return (handed or [None])[0], result

    return run


def test_only_what_was_given_is_handed_over(call):
    settings, _ = call()
    assert settings == GivenSettings(None, {}) and settings.overrides == {}


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        (["--ticker", "A", "--ticker", "B"], {"data": {"tickers": ["A", "B"]}}),
        (["--seed", "0"], {"model": {"seed": 0}}),  # zero is a value
        (["--start", ""], {"data": {"start": ""}}),  # an empty text removes the file's date
        (["--data", "x.csv", "--seed", "3"], {"data": {"path": "x.csv"}, "model": {"seed": 3}}),
    ],
)
def test_options_become_settings_by_section(call, words, overrides):
    assert call(*words)[0].overrides == overrides


def test_a_switch_sets_its_value(call):
    assert "rates" in call("--diagnose")[0].overrides["diagnose"]["parts"]


def test_the_options_win_over_the_file(call, tmp_path):
    file = tmp_path / "my.toml"
    file.write_text('[model]\nseed = 3\nepochs = 7\n[data]\ntickers = ["C"]\n')
    config = call("--config", str(file), "--seed", "4")[0].load()
    assert (config.model.seed, config.model.epochs, config.data.tickers) == (4, 7, ("C",))


def test_the_words_of_a_command_line_set_the_same_settings(call, tmp_path):
    words = ["--ticker", "A", "--ticker", "B", "--data", "x.csv", "--diagnose"]
    settings, _ = call("--config", "my.toml", *words)
    placed = settings.words(lambda path: tmp_path / path)
    assert placed == [
        *("--config", str(tmp_path / "my.toml"), "--data", str(tmp_path / "x.csv")),
        *("--ticker", "A", "--ticker", "B", "--diagnose"),
    ]
    again, _ = call(*settings.words(lambda path: path))
    assert again == settings


def test_the_help_ends_before_the_sections_of_the_docstring(call):
    text = call("--help")[1].output
    assert "Show the settings." in text and "Parameters" not in text
    assert "--debug" in text and "--seed" in text and "--epochs" not in text


def test_wrong_usage_exits_with_2(call):
    assert call("--seed", "many")[1].exit_code == 2


def test_a_broken_rule_is_a_configuration_error():
    with pytest.raises(ConfigError, match=r"model\.seed must be 0 or more; got -1"):
        GivenSettings(None, {"--seed": -1}).load()
    with pytest.raises(ConfigError, match=r"no configuration nowhere\.toml; `volcast config >"):
        GivenSettings(Path("nowhere.toml")).load()
