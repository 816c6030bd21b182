"""The tables of the two lifecycles as the documents show them: `python -m tests.diagrams`."""

import sys
from collections.abc import Iterable
from itertools import groupby

from ikone_events.domain.events import lifecycle
from ikone_events.domain.registering import status
from ikone_events.domain.registering.status import (
    ACTION_LABELS,
    REGISTRATION_STATUS_LABELS,
    RegistrationStatus,
    mail_for,
)


def lifecycle_diagram() -> str:
    """A state diagram with one arrow for each pair of states, labelled with its actions."""
    arrows = sorted(lifecycle.RULES, key=_ends)
    lines = ["stateDiagram-v2", f"    [*] --> {lifecycle.State.DRAFT}"]
    for (source, target), rules in groupby(arrows, key=_ends):
        lines.append(f"    {source} --> {target}: {', '.join(rule.action for rule in rules)}")
    lines.append(f"    {lifecycle.State.ARCHIVED} --> [*]")
    return "\n".join(lines)


def _ends(rule: lifecycle.TransitionRule) -> tuple[str, str]:
    return rule.source, rule.target or "[*]"


def registration_table() -> str:
    """One row per action: at which status, where it leads, who may, which mail is written."""
    lines = ["| Action | At | Leads to | Who | E-mail | Again |", "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(_cells(rule))} |" for rule in status.RULES)])


def _cells(rule: status.StatusRule) -> tuple[str, ...]:
    return (
        f"{ACTION_LABELS[rule.action]} (`{rule.action}`)",
        _names(rule.sources),
        "the same" if rule.sources == rule.targets else _names(rule.targets),
        ", ".join(rule.actors),
        ", ".join(f"`{kind}`" for kind in _mails(rule)),
        _names(rule.done_in) or "–",
    )


def _names(found: Iterable[RegistrationStatus]) -> str:
    return ", ".join(REGISTRATION_STATUS_LABELS[each].lower() for each in found)


def _mails(rule: status.StatusRule) -> list[str]:
    found = (mail_for(rule.action, target) for target in rule.targets)
    return list(dict.fromkeys(kind.value for kind in found if kind is not None))


def registration_diagram() -> str:
    """A state diagram with one arrow for each pair of status, labelled with its actions."""
    arrows = sorted(
        (_node(source), _node(target), rule.action.value)
        for rule in status.RULES
        if rule.sources != rule.targets
        for source in rule.sources
        for target in rule.targets
        if source is not target
    )
    lines = ["stateDiagram-v2"]
    for (source, target), group in groupby(arrows, key=lambda arrow: arrow[:2]):
        lines.append(f"    {source} --> {target}: {', '.join(action for *_ends, action in group)}")
    return "\n".join(lines)


def _node(found: RegistrationStatus) -> str:
    return "[*]" if found is RegistrationStatus.NONE else found.name.lower()


if __name__ == "__main__":
    for diagram in (lifecycle_diagram(), registration_diagram()):
        sys.stdout.write(f"```mermaid\n{diagram}\n```\n\n")
    sys.stdout.write(f"{registration_table()}\n")
