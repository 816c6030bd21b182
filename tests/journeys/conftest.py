"""One browser and one installation for the tests of a module: starting them takes most time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.installation import Installation, running


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with running(tmp_path / "data") as started:
        yield started
