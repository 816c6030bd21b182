"""The figures of a run by their keys, as `--json FILE` writes them."""

import json
from pathlib import Path

_figures: dict[str, float | dict[str, float]] = {}


def note(key: str, value: float, of: str = "") -> float:
    """Keep a figure, or the part `of` one that has several, and return it."""
    rounded = round(value, 4)
    if of:
        parts = _figures.setdefault(key, {})
        assert isinstance(parts, dict)
        parts[of] = rounded
    else:
        _figures[key] = rounded
    return value


def write(path: Path) -> None:
    """Write all that was noted as one JSON object."""
    path.write_text(json.dumps(_figures, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def keys() -> set[str]:
    """The keys that were noted so far."""
    return set(_figures)
