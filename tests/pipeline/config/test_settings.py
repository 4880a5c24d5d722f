"""Settings: choices come from where they are declared, and reading them is light."""

import subprocess
import sys

import pytest

from volcast.features.variance import PROXIES
from volcast.models.baselines.catalogue import BASELINES
from volcast.models.training_options import ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES
from volcast.pipeline.config.load import load_config
from volcast.pipeline.config.settings import Config, section_model
from volcast.pipeline.data.sources.catalogue import SOURCES
from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS
from volcast.pipeline.errors import ConfigError

CHOICES = {
    "data.source": SOURCES,
    "target.proxy": PROXIES,
    "model.optimizer": OPTIMIZERS,
    "model.schedule": SCHEDULES,
    "model.loss": LOSSES,
    "model.activation": ACTIVATIONS,
    "baselines.models": BASELINES,
    "diagnose.parts": DIAGNOSTICS,
}


@pytest.mark.parametrize("setting", CHOICES)
def test_every_declared_name_is_accepted_and_the_message_lists_them_all(setting):
    section, _, key = setting.partition(".")
    is_list = key in ("models", "parts")
    for name in CHOICES[setting]:
        value = [name] if is_list else name
        config = load_config(None, {section: {key: value}})
        assert getattr(getattr(config, section), key) == (tuple(value) if is_list else value)
    with pytest.raises(
        ConfigError, match=rf"{section}\.{key} must be .*; got 'no such name'"
    ) as wrong:
        load_config(None, {section: {key: ["no such name"] if is_list else "no such name"}})
    assert all(name in str(wrong.value) for name in CHOICES[setting])


def test_a_mistyped_choice_is_answered_with_the_list():
    with pytest.raises(ConfigError) as wrong:
        load_config(None, {"model": {"optimizer": "adma"}})
    assert str(wrong.value) == (
        "model.optimizer must be 'adam', 'adamw', 'rmsprop', 'sgd', 'momentum' or 'nesterov'; "
        "got 'adma'"
    )


def test_every_setting_has_a_description_and_every_section_a_docstring():
    for name in Config.model_fields:
        section = section_model(name)
        assert section.__doc__ and section.__doc__.endswith(".")
        assert all(field.description for field in section.model_fields.values())


def test_settings_are_read_without_numpy():
    script = (
        "import sys; from volcast.pipeline.config.load import load_config; load_config()\n"
        "print(*(name for name in ('numpy', 'pandas', 'keras') if name in sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (0, "\n"), answer.stderr
