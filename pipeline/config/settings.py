"""The settings: one frozen model per section, with a rule and a description per key.

To add a setting, add a field to its section: its name is the key, its type and bounds are the
rule, its description is the comment that ``volcast config`` prints.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from volcast.models.baselines.catalogue import BASELINES, REFERENCE
from volcast.models.training_options import (
    ACTIVATIONS,
    CLIPPINGS,
    INITIALISATIONS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
)
from volcast.pipeline.config.choices import (
    BaselineName,
    ProxyName,
    format_choices,
    one_of,
)
from volcast.pipeline.config.data_settings import DataSettings
from volcast.pipeline.config.field_types import Day, Horizons, Names, Units, check_distinct
from volcast.pipeline.config.section import SettingsSection
from volcast.pipeline.data.sources.catalogue import (
    SOURCES,
)
from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS

AUTOMATIC: Final = "auto"
SHIPPED_VINTAGES: Final = "shipped"
NO_VINTAGES: Final = "none"
Weight = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
LARGEST_SEED = 2**31 - 1  # TensorFlow keeps seeds in 32 bits
_TEST_STARTS = ", ".join(
    f"{entry.test_start} for {name}" for name, entry in SOURCES.items() if entry.test_start
)


class TargetSettings(SettingsSection):
    """The forecast quantity."""

    horizons: Horizons = Field(
        (1, 5, 22), min_length=1, description="forecast horizons in sessions: day, week, month"
    )
    proxy: ProxyName = Field(
        "overnight_rogers_satchell",
        description="proxy of daily variance; a variance column in the data takes precedence",
    )


class FeatureSettings(SettingsSection):
    """The inputs of the models."""

    select: Names = Field(
        ("default",), min_length=1, description="features by name or family, 'default' or 'all'"
    )


class SplitSettings(SettingsSection):
    """The split of time into training, validation and test parts."""

    test_start: Day = Field(
        None,
        description=f"first test origin; empty: {_TEST_STARTS}, else after train_sessions",
    )
    window: Literal["expanding", "rolling"] = Field(
        "expanding",
        description="training window: expanding (all past sessions) or rolling (train_sessions)",
    )
    train_sessions: int = Field(
        1000, ge=60, description="sessions before the first test, and length of a rolling window"
    )
    validation_share: float = Field(
        0.1,
        gt=0,
        le=0.5,
        description="share of the training sessions (the most recent) used for early stopping",
    )
    refit_every: int = Field(126, ge=1, description="sessions between refits of every model")


class ModelSettings(SettingsSection):
    """The Keras regressor."""

    pretrained: str = Field(
        SHIPPED_VINTAGES,
        min_length=1,
        description="pretrained networks with which its forecasts are combined: "
        f"{SHIPPED_VINTAGES}, {NO_VINTAGES}, or a folder that `volcast pretrain` wrote",
    )
    learning_rate: float = Field(0.001, gt=0, description="learning rate of the optimizer")
    batch_size: int = Field(
        0,
        ge=0,
        le=65_536,
        description="rows per gradient step; 0: from the number of rows, 64 to 1024 for panels",
    )
    epochs: int = Field(40, ge=1, description="maximum number of epochs")
    patience: int = Field(
        5, ge=1, description="epochs without improvement of the validation loss before stopping"
    )
    optimizer: Annotated[str, one_of(OPTIMIZERS)] = Field(
        "adam", description=format_choices(OPTIMIZERS)
    )
    schedule: Annotated[str, one_of(SCHEDULES)] = Field(
        "constant", description=f"learning-rate schedule: {format_choices(SCHEDULES)}"
    )
    warmup_epochs: float = Field(
        0.0, ge=0, description="epochs over which the learning rate rises to its full value"
    )
    loss: Annotated[str, one_of(LOSSES)] = Field(
        "qlike",
        description=f"{format_choices(LOSSES)}; qlike is computed on the variance, the others on "
        "its logarithm",
    )
    hidden: tuple[Units, ...] = Field((32, 16), strict=False, description="units per hidden layer")
    activation: Annotated[str, one_of(ACTIVATIONS)] = Field(
        "swish", description=f"activation of the hidden layers: {format_choices(ACTIVATIONS)}"
    )
    initialisation: Annotated[str, one_of(INITIALISATIONS)] = Field(
        "glorot",
        description=f"initial weights of the hidden layers: {format_choices(INITIALISATIONS)}; use "
        "he for deep networks with relu",
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout rate of the hidden layers")
    l2: float = Field(0.0, ge=0, description="L2 penalty on the weights")
    weight_decay: float = Field(
        0.0, ge=0, description="decoupled weight decay, for any optimizer; 0 means 0.004 for adamw"
    )
    clipping: Annotated[str, one_of(CLIPPINGS)] = Field(
        "global_norm", description=f"gradient clipping per member: {format_choices(CLIPPINGS)}"
    )
    clip_at: float = Field(5.0, gt=0, description="clipping threshold")
    members: int = Field(
        8, ge=1, le=256, description="networks in the ensemble, each with its own seed"
    )
    bootstrap: bool = Field(False, description="train each member on rows drawn with replacement")
    blend: Literal["auto"] | Weight = Field(
        AUTOMATIC,
        description="weight, on the log scale, of a ridge regression on the same features; auto: "
        "from the number of rows, 0.5 for few tickers to 0.25 for a large panel",
    )
    seed: int = Field(
        0, ge=0, le=LARGEST_SEED, description="seed of the initial weights and of shuffling"
    )


class BaselineSettings(SettingsSection):
    """The models that the network is compared with."""

    models: tuple[BaselineName, ...] = Field(
        (
            *("last_value", "mean_22", "ewma", "har", "har_pooled", "har_rolling"),
            *("lhar", "lhar_pooled", "harx", "garch", "gjr_garch_t"),
        ),
        strict=False,
        description=f"any of {', '.join(BASELINES)}, or your own class as module:Class; "
        f"{REFERENCE} is always included",
    )
    garch_tickers: int = Field(
        500,
        ge=0,
        description="with more tickers the GARCH models are left out, which take up to 0.1 s a "
        "ticker and fold",
    )


class ReportSettings(SettingsSection):
    """The report."""

    interval: float = Field(0.9, gt=0, lt=1, description="probability of the prediction interval")
    intervals: Annotated[tuple[Share, ...], AfterValidator(check_distinct)] = Field(
        (),
        strict=False,
        description="probabilities of further prediction intervals, such as 0.8 and 0.95; their "
        "bounds are the columns lower_80, upper_80 and so on",
    )
    title: str = Field("", description="title of the report; empty: the tickers")


class DiagnoseSettings(SettingsSection):
    """The training diagnostics in the report."""

    parts: tuple[Annotated[str, one_of(DIAGNOSTICS)], ...] = Field(
        (),
        strict=False,
        description=f"any of {', '.join(DIAGNOSTICS)}; `volcast run --diagnose` selects all",
    )


class JobSettings(SettingsSection):
    """The daily job: when it retrains, and what the promotion gate requires."""

    retrain_every: int = Field(22, ge=1, description="sessions between trainings of a challenger")
    retrain_on_drift: bool = Field(
        True, description="also retrain when the loss relative to HAR has drifted"
    )
    shadow_sessions: int = Field(
        1000,
        ge=0,
        description="past sessions on which a challenger of new settings is compared; 0: none",
    )
    gate_horizon: int = Field(1, ge=1, description="horizon in sessions whose losses are compared")
    gate_alpha: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="probability that a challenger of equal quality is ever promoted",
    )
    minimum_effect: float = Field(
        0.005, ge=0, lt=1, description="minimum gain, as a share of the champion's loss"
    )
    webhook: str = Field("", description="URL to which alerts are posted as JSON; empty: none")
    webhook_head: bool = Field(False, description="also post the ledger's last row after each run")
    har_window: int = Field(
        250, ge=1, description="sessions over which the champion must not lose to HAR"
    )


class Config(SettingsSection):
    """All settings of a run, by section.

    Examples
    --------
    >>> config = Config.model_validate({"model": {"epochs": 10}})
    >>> config.model.epochs, config.target.horizons
    (10, (1, 5, 22))
    """

    data: DataSettings = DataSettings()
    target: TargetSettings = TargetSettings()
    features: FeatureSettings = FeatureSettings()
    split: SplitSettings = SplitSettings()
    model: ModelSettings = ModelSettings()
    baselines: BaselineSettings = BaselineSettings()
    diagnose: DiagnoseSettings = DiagnoseSettings()
    report: ReportSettings = ReportSettings()
    job: JobSettings = JobSettings()


def section_model(name: str) -> type[SettingsSection]:
    """Return the model of a section."""
    model = Config.model_fields[name].annotation
    assert isinstance(model, type) and issubclass(model, SettingsSection)
    return model
