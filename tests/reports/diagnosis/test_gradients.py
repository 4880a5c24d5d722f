"""Words and figures on gradients, from made-up tables."""

import re

import pytest
from matplotlib.figure import Figure

from tests.reports.diagnosis.tables import EPOCHS, make_check, make_flow
from volcast.reports.diagnosis.gradient_check import (
    COARSE,
    RIGHT,
    WRONG,
    build_gradient_check_section,
    find_first_wrong_layer,
    judge_parts,
)
from volcast.reports.diagnosis.gradients import build_gradient_flow_section
from volcast.reports.figures.gradients import (
    by_epoch,
    clipping_by_epoch,
    errors_by_part,
    few_powers,
    gradient_by_layer,
)
from volcast.reports.section import Page
from volcast.reports.templating import render_html
from volcast.reports.training.gradient_flow import (
    DEAD,
    EXPLODING,
    HEALTHY,
    VANISHING,
    summarise_flow,
)


@pytest.mark.parametrize(
    ("changes", "verdict", "said", "advice"),
    [
        ({}, HEALTHY, "gradient is 0.8 times the last one's", "Nothing to do"),
        ({"first_to_last": 0.01}, VANISHING, "gradient is 1/100 of the last", "Set activation"),
        ({"first_to_last": 0.051}, HEALTHY, "gradient is 1/20 of", "Nothing to do"),
        ({"gradient_peak": 41.0}, EXPLODING, "is 205 times that of the first", "Lower learning"),
        ({"gradient_peak": 39.0}, HEALTHY, "Healthy", "Nothing to do"),
        ({"finite_share": 0.5}, EXPLODING, "50 % of the gradients are not finite", "Lower"),
        ({"dead_share": 0.75}, DEAD, "75 % of the units of hidden layer 1", "Lower learning_rate"),
        ({"dead_share": 0.4}, HEALTHY, "40 % of the units of hidden layer 1 are dead.", "Nothing"),
        ({"saturated_share": 0.6}, DEAD, "60 % of the activations of a hidden", "Lower learning"),
        (
            {"clipped_share": 0.9},
            HEALTHY,
            "takes effect in 90.0 % of the steps",
            "The clipping threshold",
        ),
        ({"clipped_share": 0.0}, HEALTHY, "(norm at 1) never takes effect", "Nothing to do"),
        ({"clipping": "none"}, HEALTHY, "gradients are not clipped", "Nothing to do"),
    ],
)  # fmt: skip
def test_a_flow_is_named_with_its_numbers_and_advice(changes, verdict, said, advice):
    tables = make_flow(**changes)
    assert summarise_flow(tables).verdict == verdict
    section = build_gradient_flow_section(tables)
    assert section.sentence.lower().startswith(verdict)
    assert said in section.sentence
    assert section.advice.startswith(advice)


def test_numbers_of_a_flow_by_hand():
    found = summarise_flow(make_flow())
    assert found.peak == pytest.approx(10.0)
    assert found.clipped == pytest.approx(0.25 / EPOCHS)
    assert found.kept == pytest.approx(0.6)
    assert (found.update_low, found.update_high) == pytest.approx((0.001, 0.003))
    assert found.val_loss == pytest.approx(0.4 - 0.01 * EPOCHS)


def test_a_cure_that_does_not_cure_is_not_advised():
    tables = make_flow(first_to_last=0.01)
    tables["epochs"]["first_to_last"] = 0.01
    section = build_gradient_flow_section(tables)
    assert section.advice.startswith("Use fewer hidden layers")
    alone = build_gradient_flow_section(make_flow(("configured",), first_to_last=0.01))
    assert alone.advice.startswith("Use fewer hidden layers")


def test_what_holds_the_first_epoch_alone_is_judged_by_it():
    tables = make_flow()
    for name in ("epochs", "layers"):
        tables[name] = tables[name][tables[name]["epoch"] == 1]
    assert summarise_flow(tables).verdict == HEALTHY


@pytest.mark.parametrize(
    ("errors", "begins", "said"),
    [
        ((1e-10,) * 5, -1, "The gradients are correct: over 100 entries of 5 parts"),
        ((1e-3,) * 5, 0, "The gradient of the loss is wrong"),
        ((1e-10, 0.1, 0.1, 1e-10, 1e-10), 1, "A gradient is wrong from layer 1 down"),
        ((1e-10, 0.1, 0.1, 0.1, 1e-10), 2, "A gradient is wrong from layer 2 down"),
    ],
)
def test_a_wrong_gradient_is_placed(errors, begins, said):
    tables = make_check(errors)
    assert find_first_wrong_layer(judge_parts(tables)) == begins
    assert build_gradient_check_section(tables).sentence.startswith(said)


def test_an_error_within_ten_times_the_rounding_is_none():
    tables = make_check((1e-10, 5e-5, 1e-10, 1e-10, 1e-10))
    tables["parts"]["rounding"] = [1e-10, 1e-5, 1e-10, 1e-10, 1e-10]
    assert set(judge_parts(tables)["verdict"]) == {RIGHT}
    tables["parts"]["rounding"] = 1e-10
    assert judge_parts(tables)["verdict"].tolist()[1] == WRONG


def test_kinks_are_counted_and_too_many_mean_that_nothing_could_be_checked():
    assert (
        "15 entries at kinks were left out"
        in build_gradient_check_section(make_check(kinks=3)).sentence
    )
    tables = make_check(kinks=15)
    assert set(judge_parts(tables)["verdict"]) == {COARSE}
    section = build_gradient_check_section(tables)
    assert section.sentence.startswith("The gradient cannot be checked")
    assert "float32" in section.advice


def draw_profile(axes):
    return gradient_by_layer(make_flow()["layers"], axes)


def draw_epochs(axes):
    table = make_flow(("configured",))["layers"].query("member == 0")
    return by_epoch(table, axes, column="update_share", label="Update (share)", log=True)


def draw_clipping(axes):
    return clipping_by_epoch(make_flow(("configured",))["epochs"].query("member == 0"), axes)


def draw_errors(axes):
    return errors_by_part(judge_parts(make_check()), axes, limit=1e-5)


@pytest.mark.parametrize("draw", [draw_profile, draw_epochs, draw_clipping, draw_errors])
def test_a_figure_returns_its_axes_with_labels(draw):
    axes = Figure(layout="constrained").add_subplot()
    assert draw(axes) is axes
    assert axes.get_xlabel() and axes.get_ylabel()


def test_layers_without_a_gradient_and_single_epochs_are_drawn_without_a_warning():
    tables = make_flow(gradient_rms=0.0, update_share=0.0, dead_share=1.0)
    for name in ("epochs", "layers"):
        tables[name] = tables[name][tables[name]["epoch"] == 1]
    page = render_html(Page("t", "s", [build_gradient_flow_section(tables)]))
    assert "mathdefault" not in page


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.002, 0.03, ["0.002", "0.005", "0.01", "0.02"]),
        (1e-9, 1.0, ["1e-08", "1e-06", "0.01", "1"]),
    ],
)
def test_a_logarithmic_axis_shows_plain_numbers(low, high, texts):
    axes = Figure().add_subplot()
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    few_powers(axes.yaxis)
    formatter = axes.yaxis.get_major_formatter()
    ticks = axes.yaxis.get_majorticklocs()
    shown = [formatter(t, 0) for t in ticks if low * 0.999 <= t <= high * 1.001]
    assert set(shown) >= set(texts), shown
    assert len(shown) <= 7
    assert not len(axes.yaxis.get_minorticklocs())


def test_the_page_holds_every_panel_and_table():
    sections = [
        build_gradient_flow_section(make_flow()),
        build_gradient_check_section(make_check()),
    ]
    page = render_html(Page("title", "subtitle", sections))
    assert page.count("<svg") == sum(len(section.panels) for section in sections)
    assert len(sections[0].panels) == 4  # profile, gradient, updates, clipping; nothing is dead
    assert len(build_gradient_flow_section(make_flow(dead_share=0.2)).panels) == 5
    assert not re.search(r"\bnan\b", page)
