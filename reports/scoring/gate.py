"""The gate: decides whether a challenger, or HAR, replaces the champion, and gives the reason."""

from dataclasses import dataclass
from typing import Literal

from volcast.reports.scoring.comparison import Comparison, GateRules

Action = Literal["keep", "promote", "demote"]


@dataclass(frozen=True)
class Decision:
    """The gate's decision with its reason, and the comparisons behind it."""

    action: Action
    reason: str
    challenge: Comparison | None
    against_har: Comparison | None


def decide(
    challenge: Comparison | None, against_har: Comparison | None, rules: GateRules | None = None
) -> Decision:
    """Decide on the champion.

    Parameters
    ----------
    challenge
        `compare` of champion (incumbent) and challenger (rival) on all sessions after both were
        trained; None without a challenger.
    against_har
        `compare` of champion (incumbent) and HAR (rival) on `last_window` of the sessions after
        the champion was trained; None where HAR is the champion.
    rules
        The defaults of `GateRules` when None.

    Returns
    -------
    Decision
        The champion is demoted if it loses to HAR, whatever the challenger did: the challenger
        must beat HAR next. It loses if HAR's loss is lower by at least the minimum effect, over a
        complete window or, earlier, with evidence of ``1 / alpha``. A challenger is promoted if
        its loss is lower by at least the minimum effect with evidence of ``1 / alpha`` and it
        forecast every row. Otherwise, ties included, the champion is kept.
    """
    rules = rules or GateRules()
    if against_har and _saves(against_har, rules):
        if against_har.evidence >= 1 / rules.alpha:
            why = f"the evidence for HAR reached {1 / rules.alpha:g}"
            return _decision("demote", against_har, why, (challenge, against_har), rules)
        if against_har.sessions >= rules.window:
            why = (
                f"its loss exceeded HAR's by {rules.minimum_effect:.1%} or more over a full window"
            )
            return _decision("demote", against_har, why, (challenge, against_har), rules)
    if challenge is None:
        reason = "keep: there is no challenger"
        return Decision("keep", _and_har(reason, against_har, rules), None, against_har)
    refused = _refusal(challenge, rules)
    if refused:
        return _decision("keep", challenge, refused, (challenge, against_har), rules)
    why = f"the evidence reached {1 / rules.alpha:g} and the gain {rules.minimum_effect:.1%}"
    return _decision("promote", challenge, why, (challenge, against_har), rules)


def _refusal(challenge: Comparison, rules: GateRules) -> str | None:
    """Return why a challenger is not promoted, or None."""
    if challenge.unanswered:
        return f"{challenge.rival} gave no usable forecast for {challenge.unanswered} rows"
    if not challenge.sessions:
        return "there are no sessions to compare yet"
    if not _saves(challenge, rules):
        return f"the gain must be at least {rules.minimum_effect:.1%}"
    if challenge.evidence < 1 / rules.alpha:
        return "the evidence is not sufficient yet"
    return None


def _saves(comparison: Comparison, rules: GateRules) -> bool:
    return comparison.gain >= rules.minimum_effect and comparison.gain > 0


def _decision(
    action: Action,
    ground: Comparison,
    why: str,
    both: tuple[Comparison | None, Comparison | None],
    rules: GateRules,
) -> Decision:
    """Return a decision whose reason names the model, the rule and the numbers."""
    challenge, against_har = both
    subject = ground.rival if action == "promote" else ground.incumbent
    reason = f"{action} {subject}: {why}; {ground.words(1 / rules.alpha)}"
    if ground is challenge:
        reason = _and_har(reason, against_har, rules)
    return Decision(action, reason, challenge, against_har)


def _and_har(reason: str, against_har: Comparison | None, rules: GateRules) -> str:
    if against_har is None:
        return reason
    return f"{reason}. Against HAR: {against_har.words(1 / rules.alpha)}"
