"""Operation is tested with the settings of any installation, unless a test needs a mail server."""

from pathlib import Path

import pytest

from ikone_events.config import Settings
from tests.factories import make_settings


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """A small installation on SQLite."""
    return make_settings(data_dir)
