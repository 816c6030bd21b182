"""One line of a diagnosis."""

from dataclasses import dataclass
from enum import StrEnum

# Hosts that are this machine.
HERE = ("localhost", "127.0.0.1", "::1")


class Level(StrEnum):
    """A fault keeps the house from working; a warning is a risk somebody should know."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and what was found."""

    level: Level
    about: str
    words: str

    @property
    def is_fine(self) -> bool:
        """Whether work can go on."""
        return self.level is not Level.FAULT

    def __str__(self) -> str:
        return f"{self.level}: {self.about}: {' '.join(self.words.split())}"


def ok(about: str, words: str) -> Finding:
    """Good news."""
    return Finding(Level.OK, about, words)


def warning(about: str, words: str) -> Finding:
    """A risk."""
    return Finding(Level.WARNING, about, words)


def fault(about: str, words: str) -> Finding:
    """Something that has to be put right."""
    return Finding(Level.FAULT, about, words)
