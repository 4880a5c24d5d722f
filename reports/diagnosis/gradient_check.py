"""The gradient check.

Computed from automatic and numerical gradients by part of the network. Shows whether they agree, at
which layer a wrong one begins, and the error of every part.
"""

import pandas as pd
from matplotlib.axes import Axes

from volcast.reports.blocks import Figures, Panel, Paragraph, fold_table
from volcast.reports.figures.gradients import errors_by_part
from volcast.reports.figures.render import figure_svg
from volcast.reports.section import Section
from volcast.reports.text_tables import Column, sentence_case, text_table

RIGHT, WRONG, COARSE = "right", "wrong", "too coarse"
WRONG_ERROR = 1e-5  # relative; a correct gradient has 1e-9 in float64, a wrong one 1e-3 or more
BEYOND_ROUNDING = 10.0  # times the uncertainty of the numerical gradient itself
MANY_KINKS = 0.5  # of a part's entries; beyond it the loss is a step function

Tables = dict[str, pd.DataFrame]

COLUMNS = [
    Column("name", "Part"),
    Column("size", "Weights", ",d"),
    Column("entries", "Checked", ",d"),
    Column("kinks", "Kinks", ",d"),
    Column("gradient_norm", "Gradient norm", ".2e"),
    Column("relative_error", "Relative error", ".1e"),
    Column("worst_error", "Worst entry", ".1e"),
    Column("rounding", "Rounding", ".1e"),
    Column("verdict", "Verdict", sentence_case),
]


def judge_parts(tables: Tables) -> pd.DataFrame:
    """Return the table `parts` of a gradient check with the columns `name` and `verdict`."""
    parts = tables["parts"]
    wrong = (parts["relative_error"] > WRONG_ERROR) & (
        parts["relative_error"] > BEYOND_ROUNDING * parts["rounding"]
    )
    coarse = parts["kinks"] > MANY_KINKS * parts["entries"]
    verdict = wrong.map({True: WRONG, False: RIGHT}).mask(coarse, COARSE)
    return parts.assign(verdict=verdict, name=[_name(row) for _, row in parts.iterrows()])


def build_gradient_check_section(tables: Tables) -> Section:
    """Return the section on the gradient check.

    `tables` are those of `volcast.models.diagnose.gradient_check.check_gradients`.
    """
    parts = judge_parts(tables)

    def draw(axes: Axes) -> Axes:
        return errors_by_part(parts, axes, limit=WRONG_ERROR)

    worst = parts["relative_error"].max()
    alt = f"Relative error of the gradient by part, at most {worst:.1e}; wrong above {WRONG_ERROR}."
    height = 120 + 22 * len(parts)
    svg = figure_svg(draw, name="gradient-check-errors", alt=alt, height_px=height)
    return Section(
        name="gradient-check",
        title="Gradient check",
        sentence=_sentence(parts),
        blocks=[
            Figures([Panel("Automatic against numerical gradient", svg)]),
            fold_table("By part", text_table(parts, COLUMNS)),
            Paragraph(
                "Gradients by automatic differentiation against central differences (step 6e-6), "
                "both in float64, with random weights, over 64 training rows, without dropout and "
                "with the L2 penalty. Entries at which the numerical gradient changes with the "
                "step lie at a kink (of "
                "ReLU, mae or Huber's loss) and are left out. A part is wrong if its relative "
                f"error is above {WRONG_ERROR:g} and above ten times its rounding error.",
                style="note",
            ),
        ],
        advice=_advice(parts),
    )


def find_first_wrong_layer(parts: pd.DataFrame) -> int:
    """Return the layer at which a wrong gradient begins; 0 is the loss, -1 none.

    Gradients flow from the loss back to the first layer, so that an error spoils every layer
    before the one that it begins at. That is the last wrong one, unless the loss is wrong already.
    """
    wrong = parts.loc[parts["verdict"] == WRONG, "layer"]
    if wrong.empty:
        return -1
    return 0 if (wrong == 0).any() else int(wrong.max())


def _sentence(parts: pd.DataFrame) -> str:
    begin, worst = find_first_wrong_layer(parts), parts.iloc[int(parts["relative_error"].argmax())]
    coarse = parts[parts["verdict"] == COARSE]
    left_out = int(parts["kinks"].sum())
    kinks = f" {left_out} entries at kinks were left out." if left_out else ""
    if len(coarse) and begin < 0:
        return (
            f"The gradient cannot be checked: for {len(coarse)} of {len(parts)} parts the loss "
            "changes in steps larger than the effect of a small change of a weight."
        )
    if begin < 0:
        return (
            f"The gradients are correct: over {parts['entries'].sum():,} entries of "
            f"{len(parts)} parts the largest relative error is {worst['relative_error']:.1e} "
            f"({worst['name'].lower()}).{kinks}"
        )
    wrong = parts[parts["verdict"] == WRONG]
    if begin == 0:
        return (
            "The gradient of the loss is wrong: its derivative with respect to the forecast has a "
            f"relative error of {wrong['relative_error'].iloc[0]:.1e}, and with it "
            f"{len(wrong) - 1} of {len(parts) - 1} kernels and biases.{kinks}"
        )
    return (
        f"A gradient is wrong from layer {begin} down to the first, with a relative error of up to "
        f"{wrong['relative_error'].max():.1e}; the later layers and the loss are correct."
        f"{kinks}"
    )


def _advice(parts: pd.DataFrame) -> str:
    begin = find_first_wrong_layer(parts)
    if begin == 0:
        return (
            "Fix the gradient of the loss itself (its tf.custom_gradient), or remove it to use "
            "automatic differentiation."
        )
    if begin > 0:
        return (
            f"Fix the gradient of the activation of layer {begin}, or remove it to use automatic "
            "differentiation."
        )
    if (parts["verdict"] == COARSE).any():
        return "Compute the loss in the precision of its inputs; a cast to float32 is too coarse."
    return "Nothing to do."


def _name(part: pd.Series) -> str:
    if part["layer"] == 0:
        return "Loss, by forecast"
    return f"Layer {part['layer']}, {part['part']}"
