"""The program as real processes, with an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.factories import SECRET
from tests.patience import PATIENCE

START = (sys.executable, "-c", "from ikone_events.cli import main; main()")


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """What an operator would have set: `database_url=…` becomes IKONE_DATABASE_URL."""
    ours = {
        "IKONE_SECRET_KEY": SECRET,
        "IKONE_BASE_URL": "http://localhost",
        "IKONE_DATA_DIR": str(folder),
        **{f"IKONE_{name.upper()}": value for name, value in settings.items()},
    }
    return {**{k: v for k, v in os.environ.items() if not k.startswith("IKONE_")}, **ours}


def start(*words: str, env: dict[str, str]) -> subprocess.Popen[str]:
    """`ikone-events WORDS` in the background."""
    pipe = subprocess.PIPE
    return subprocess.Popen([*START, *words], env=env, stdout=pipe, stderr=pipe, text=True)


def end_of(process: subprocess.Popen[str], *, patience: float = PATIENCE) -> tuple[int, str]:
    """How a process ended: its status and all it said; one that does not end is killed."""
    with process:
        try:
            output, complaint = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, output + complaint
