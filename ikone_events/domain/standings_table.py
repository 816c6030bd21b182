"""The life of a registration as a table and a Mermaid diagram; the docs carry its output."""

from collections.abc import Iterable
from itertools import groupby

from ikone_events.domain.standings import (
    ACTION_LABELS,
    RULES,
    STANDING_LABELS,
    Rule,
    Standing,
    letter_for,
)


def table() -> str:
    """One line an action: at which standings, where it leads, who may, which letter is written."""
    lines = ["| Action | At | Leads to | Who | Letter | Again |", "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(_cells(rule))} |" for rule in RULES)])


def _cells(rule: Rule) -> tuple[str, ...]:
    return (
        f"{ACTION_LABELS[rule.action]} (`{rule.action}`)",
        _names(rule.sources),
        "the same" if rule.sources == rule.targets else _names(rule.targets),
        ", ".join(rule.actors),
        ", ".join(f"`{kind}`" for kind in _letters(rule)),
        _names(rule.done_in) or "–",
    )


def _names(standings: Iterable[Standing]) -> str:
    return ", ".join(STANDING_LABELS[standing].lower() for standing in standings)


def _letters(rule: Rule) -> list[str]:
    found = (letter_for(rule.action, target) for target in rule.targets)
    return list(dict.fromkeys(kind.value for kind in found if kind is not None))


def mermaid() -> str:
    """A state diagram with one arrow for each pair of standings, labelled with its actions."""
    arrows = sorted(
        (_node(source), _node(target), rule.action.value)
        for rule in RULES
        if rule.sources != rule.targets
        for source in rule.sources
        for target in rule.targets
        if source is not target
    )
    lines = ["stateDiagram-v2"]
    for (source, target), group in groupby(arrows, key=lambda arrow: arrow[:2]):
        lines.append(f"    {source} --> {target}: {', '.join(action for *_ends, action in group)}")
    return "\n".join(lines)


def _node(standing: Standing) -> str:
    return "[*]" if standing is Standing.NONE else standing.name.lower()


if __name__ == "__main__":
    import sys

    sys.stdout.write(f"{table()}\n\n```mermaid\n{mermaid()}\n```\n")
