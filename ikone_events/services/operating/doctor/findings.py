"""One line of a diagnosis."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

# Hosts that are this machine.
HERE = ("localhost", "127.0.0.1", "::1")


class Level(StrEnum):
    """A fault keeps the installation from working; a warning is a risk."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked and the result."""

    level: Level
    about: str
    words: str

    @property
    def is_fine(self) -> bool:
        """Whether work can go on."""
        return self.level is not Level.FAULT

    def __str__(self) -> str:
        return f"{self.level}: {self.about}: {' '.join(self.words.split())}"


ok = partial(Finding, Level.OK)
warning = partial(Finding, Level.WARNING)
fault = partial(Finding, Level.FAULT)
