"""Registers functions as commands, and hands them the options that set settings."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from volcast.pipeline.cli.options import SETTING_OPTIONS, ConfigFile, Debug, SettingOption

if TYPE_CHECKING:
    from volcast.pipeline.config.settings import Config

Command = Callable[..., None]
SECTION = re.compile(r"\n\n[A-Z]\w+\n-{3,}\n")  # of a numpydoc docstring


@dataclass(frozen=True)
class GivenSettings:
    """The settings given on the command line.

    Parameters
    ----------
    file
        The settings file of ``--config``; None if it was not given.
    values
        The values of the options that were given, by flag.

    Examples
    --------
    >>> GivenSettings(None, {"--epochs": 9, "--ticker": ["SPY"]}).overrides
    {'data': {'tickers': ['SPY']}, 'model': {'epochs': 9}}
    """

    file: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overrides(self) -> dict[str, dict[str, Any]]:
        """The values of the options by section and key."""
        found: dict[str, dict[str, Any]] = {}
        for option in SETTING_OPTIONS:
            if option.flag in self.values:
                value = self.values[option.flag]
                plain = str(value) if isinstance(value, Path) else value
                set_to = plain if option.switch_value is None else option.switch_value
                found.setdefault(option.section, {})[option.key] = set_to
        return found

    def load(self) -> Config:
        """Return the settings of the file, else the defaults, with the options on top.

        Raises
        ------
        ConfigError
            The file cannot be read, or a setting breaks its rule.
        """
        from volcast.pipeline.config.load import load_config

        return load_config(self.file, self.overrides)

    def words(self, place: Callable[[Path], Path]) -> list[str]:
        """Return the options as words of a command line, with every path put through `place`."""
        given = {"--config": self.file} if self.file else {}
        words = []
        for flag, value in {**given, **self.values}.items():
            for each in value if isinstance(value, list) else [value]:
                word = str(place(each) if isinstance(each, Path) else each)
                words += [flag] if value is True else [flag, word]
        return words


def command(group: typer.Typer, name: str | None = None) -> Callable[[Command], Command]:
    """Add a function to a group of commands, with ``--debug`` as its last option.

    Parameters
    ----------
    group
        The group.
    name
        The name of the command; None: that of the function.

    Returns
    -------
    Callable
        A decorator. The function's docstring, up to its first numpydoc section, becomes the help.
    """

    def register(function: Command) -> Command:
        signature = inspect.signature(function, eval_str=True)

        @functools.wraps(function)
        def run(debug: bool, **arguments: Any) -> None:  # main() reads --debug from sys.argv
            function(**arguments)

        _set_parameters(run, [*signature.parameters.values(), _keyword("debug", Debug, False)])
        text = SECTION.split(inspect.getdoc(function) or "")[0]
        group.command(name, help=text)(run)
        return function

    return register


def setting_options(*flags: str) -> Callable[[Command], Command]:
    """Give a command ``--config`` and options that set settings.

    The command has a parameter ``settings``, a `GivenSettings`; the options take its place.

    Parameters
    ----------
    flags
        The flags of the options, of `SETTING_OPTIONS`; all of them if none is named.

    Examples
    --------
    >>> @setting_options("--seed")
    ... def print_seed(settings: GivenSettings, quiet: bool = False) -> None:
    ...     print(settings.overrides)
    >>> print_seed(config=None, seed=7, quiet=True)
    {'model': {'seed': 7}}
    """
    options = [option for option in SETTING_OPTIONS if option.flag in flags or not flags]

    def expand(function: Command) -> Command:
        @functools.wraps(function)
        def run(config: Path | None = None, **arguments: Any) -> None:
            values = {option.flag: arguments.pop(option.parameter, None) for option in options}
            given = {flag: value for flag, value in values.items() if _is_given(value)}
            function(settings=GivenSettings(config, given), **arguments)

        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(function, eval_str=True).parameters.values():
            parameters += _to_parameters(options) if parameter.name == "settings" else [parameter]
        _set_parameters(run, parameters)
        return run

    return expand


def _is_given(value: Any) -> bool:
    return value is not None and value is not False and value != []


def _to_parameters(options: Sequence[SettingOption]) -> list[inspect.Parameter]:
    """Return ``--config`` and the options as parameters that typer understands."""
    parameters = [_keyword("config", ConfigFile, None)]
    for option in options:
        switch = option.switch_value is not None
        info = typer.Option(
            *(False if switch else None, option.flag),
            help=option.help,
            metavar=option.metavar or None,
        )
        annotation = option.type if switch else option.type | None
        parameters.append(_keyword(option.parameter, annotation, info))
    return parameters


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _set_parameters(function: Command, parameters: Sequence[inspect.Parameter]) -> None:
    """Give a wrapper the parameters that typer reads."""
    keywords = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    vars(function).pop("__wrapped__", None)
    vars(function)["__signature__"] = inspect.Signature(keywords)
    function.__annotations__ = {each.name: each.annotation for each in keywords}
