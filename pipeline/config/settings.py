"""The sections of the settings: one frozen model each, with a rule and a description a key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from volcast.models.baselines.catalogue import BASELINES
from volcast.models.training_options import (
    ACTIVATIONS,
    CLIPPINGS,
    INITIALISATIONS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
)
from volcast.pipeline.config.dates import parse_date, parse_moment
from volcast.pipeline.data.sources.catalogue import SOURCES, list_sources
from volcast.pipeline.diagnostics.catalogue import DIAGNOSTICS

OWN_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
LARGEST_SEED = 2**31 - 1  # TensorFlow keeps seeds in 32 bits


def _distinct(values: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(values)) < len(values):
        raise ValueError("must not name a value twice")
    return values


def _source(name: str) -> str:
    if name not in SOURCES and name not in list_sources():
        raise ValueError(
            f"must be {', '.join(list_sources())}, or a source of an installed package"
        )
    return name


def _baseline(name: str) -> str:
    if name not in BASELINES and not OWN_CLASS.fullmatch(name):
        raise ValueError(f"must be {', '.join(BASELINES)}, or a class of yours as module:Class")
    return name


def _proxy(name: str) -> str:
    from volcast.features.variance import PROXIES  # needs numpy, which reading settings does not

    if name not in PROXIES:
        raise ValueError(f"must be {_either(tuple(PROXIES))}")
    return name


def _one_of(names: Iterable[str]) -> AfterValidator:
    """Return a validator that accepts only these names."""
    known = tuple(names)

    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"must be {_either(known)}")
        return name

    return AfterValidator(check)


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"


def _either(names: tuple[str, ...]) -> str:
    return _listed(repr(name) for name in names)


Moment = Annotated[datetime | None, BeforeValidator(parse_moment)]
Day = Annotated[date | None, BeforeValidator(parse_date)]
Names = Annotated[tuple[str, ...], Field(strict=False)]  # TOML has lists
Horizon = Annotated[int, Field(ge=1, le=250)]
Horizons = Annotated[tuple[Horizon, ...], Field(strict=False), AfterValidator(_distinct)]
Units = Annotated[int, Field(ge=1, le=4096)]


class SettingsSection(BaseModel):
    """A frozen section that refuses unknown keys, and values of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class DataSettings(SettingsSection):
    """Where prices come from."""

    source: Annotated[str, AfterValidator(_source)] = Field(
        "sample",
        description="sample (embedded S&P 500 and Nasdaq, 1999-2018), yahoo, tiingo, files, "
        "or one of an installed package",
    )
    tickers: Names = Field(
        (), description="which tickers; empty: all that the source has (yahoo and tiingo need them)"
    )
    start: Day = Field(None, description="first session, YYYY-MM-DD; empty: all there is")
    end: Day = Field(None, description="last session, included; empty: up to the last final")
    path: str = Field("", description="for files: a CSV or Parquet file, or a folder of them")
    intraday: str = Field(
        "",
        description="a file or folder of 1- or 5-minute bars: their realised variance is forecast; "
        "files without a path makes the daily bars from them, too",
    )
    overnight: Literal["sum", "hansen_lunde"] = Field(
        "sum",
        description="with intraday: squared overnight return plus realised variance (sum), or both "
        "weighted by the ticker's past (hansen_lunde)",
    )
    calendar: str = Field(
        "", description="exchange calendar, such as XLON, of tickers whose name does not tell it"
    )
    dir: str = Field(
        "", description="folder of stored prices; empty: VOLCAST_DATA_DIR or the user's data folder"
    )
    as_of: Moment = Field(
        None, description="for yahoo: only what was stored at this moment, and ask for nothing new"
    )
    rate: float = Field(2.0, gt=0, le=100, description="requests a second that yahoo is sent")

    @field_validator("end")
    @classmethod
    def _not_before_start(cls, end: date | None, known: ValidationInfo) -> date | None:
        start = known.data.get("start")
        if start is not None and end is not None and end < start:
            raise ValueError(f"must not lie before data.start, {start}")
        return end


class TargetSettings(SettingsSection):
    """What is forecast."""

    horizons: Horizons = Field(
        (1, 5, 22), min_length=1, description="sessions ahead: 1 day, 5 a week, 22 a month"
    )
    proxy: Annotated[str, AfterValidator(_proxy)] = Field(
        "overnight_rogers_satchell",
        description="daily variance from prices; a variance column in the data takes its place",
    )


class FeatureSettings(SettingsSection):
    """What the forecast is made from."""

    select: Names = Field(
        ("default",), min_length=1, description="features by name or family, 'default' or 'all'"
    )


class SplitSettings(SettingsSection):
    """How time is cut into training, validation and test parts."""

    test_start: Day = Field(
        None,
        description="first origin tested; empty: 2008-01-01 for the sample, "
        "else when train_sessions have passed",
    )
    window: Literal["expanding", "rolling"] = Field(
        "expanding", description="expanding: train on all the past; rolling: on train_sessions"
    )
    train_sessions: int = Field(
        1000, ge=60, description="sessions before the first test; the length of a rolling window"
    )
    validation_share: float = Field(
        0.1, gt=0, le=0.5, description="share of them, the latest, that early stopping looks at"
    )
    refit_every: int = Field(126, ge=1, description="sessions between refits of every model")


class ModelSettings(SettingsSection):
    """The Keras regressor."""

    learning_rate: float = Field(0.001, gt=0, description="step size of the optimizer")
    batch_size: int = Field(
        0, ge=0, le=65_536, description="rows a step; 0 goes by the rows: 64 to 1024 for panels"
    )
    epochs: int = Field(40, ge=1, description="at most so many passes over the training rows")
    patience: int = Field(5, ge=1, description="epochs without a better validation loss, then stop")
    optimizer: Annotated[str, _one_of(OPTIMIZERS)] = Field("adam", description=_listed(OPTIMIZERS))
    schedule: Annotated[str, _one_of(SCHEDULES)] = Field(
        "constant", description=f"of the learning rate: {_listed(SCHEDULES)}"
    )
    warmup_epochs: float = Field(0.0, ge=0, description="epochs in which the rate first climbs")
    loss: Annotated[str, _one_of(LOSSES)] = Field(
        "qlike", description="qlike on the variance, or mse, mae, huber or log_cosh on its log"
    )
    hidden: tuple[Units, ...] = Field(
        (32, 16), strict=False, description="units of each hidden layer"
    )
    activation: Annotated[str, _one_of(ACTIVATIONS)] = Field(
        "swish", description=f"of the hidden layers: {_listed(ACTIVATIONS)}"
    )
    initialisation: Annotated[str, _one_of(INITIALISATIONS)] = Field(
        "glorot", description="of hidden weights: glorot, or he for deep networks of relu"
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="share of hidden units dropped in training")
    l2: float = Field(0.0, ge=0, description="weight of the squared kernels in the loss")
    weight_decay: float = Field(
        0.0, ge=0, description="decoupled, for any optimizer; 0 with adamw is 0.004"
    )
    clipping: Annotated[str, _one_of(CLIPPINGS)] = Field(
        "global_norm", description="of each member's gradient: none, value, norm or global_norm"
    )
    clip_at: float = Field(5.0, gt=0, description="bound of what is clipped")
    members: int = Field(8, ge=1, le=256, description="networks averaged; they differ in seed")
    bootstrap: bool = Field(
        False, description="each member trains on rows drawn with replacement, by its seed"
    )
    blend: float = Field(
        0.5, ge=0, le=1, description="weight of a ridge regression on the same features, in logs"
    )
    seed: int = Field(
        0, ge=0, le=LARGEST_SEED, description="of weights and shuffling; same seed, same forecasts"
    )


class BaselineSettings(SettingsSection):
    """What the network must beat."""

    models: tuple[Annotated[str, AfterValidator(_baseline)], ...] = Field(
        ("last_value", "mean_22", "ewma", "har", "harx", "garch"),
        strict=False,
        description="of " + ", ".join(BASELINES) + ", or module:Class; har is always there",
    )


class ReportSettings(SettingsSection):
    """How the result is told."""

    interval: float = Field(0.9, gt=0, lt=1, description="probability of the prediction interval")
    title: str = Field("", description="heading of the report; empty: the tickers")


class DiagnoseSettings(SettingsSection):
    """What is measured about the training itself, and shown in the report."""

    parts: tuple[Annotated[str, _one_of(DIAGNOSTICS)], ...] = Field(
        (),
        strict=False,
        description="of " + ", ".join(DIAGNOSTICS) + "; volcast run --diagnose takes all",
    )


class JobSettings(SettingsSection):
    """The scheduled job: when it retrains, and what the gate asks for."""

    retrain_every: int = Field(22, ge=1, description="sessions between trainings of a challenger")
    retrain_on_drift: bool = Field(
        True, description="also when the loss relative to HAR has drifted from its usual"
    )
    shadow_sessions: int = Field(
        1000, ge=0, description="sessions before the first evening that count as evidence; 0: none"
    )
    gate_horizon: int = Field(1, ge=1, description="sessions ahead, of the losses that decide")
    gate_alpha: float = Field(
        0.05, gt=0, lt=1, description="chance that an equal challenger is ever promoted"
    )
    minimum_effect: float = Field(
        0.005, ge=0, lt=1, description="least gain that counts, as a share of the champion's loss"
    )
    webhook: str = Field("", description="address that alerts are posted to as JSON; empty: none")
    har_window: int = Field(
        250, ge=1, description="sessions over which the champion must not lose to HAR"
    )


class Config(SettingsSection):
    """All settings of a run."""

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
