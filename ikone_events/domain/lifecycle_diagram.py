"""The lifecycle as a Mermaid diagram, made from the table; the docs carry its output."""

from itertools import groupby

from ikone_events.domain.lifecycle import RULES, Rule, State


def mermaid() -> str:
    """A state diagram with one arrow for each pair of states, labelled with its actions."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.DRAFT}"]
    for (source, target), rules in groupby(sorted(RULES, key=_ends), key=_ends):
        actions = ", ".join(rule.action for rule in rules)
        lines.append(f"    {source} --> {target}: {actions}")
    lines.append(f"    {State.ARCHIVED} --> [*]")
    return "\n".join(lines)


def _ends(rule: Rule) -> tuple[State, State]:
    return rule.source, rule.target


if __name__ == "__main__":
    import sys

    sys.stdout.write(mermaid() + "\n")
