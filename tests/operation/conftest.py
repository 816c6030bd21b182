"""What the tests of running the house share."""

from collections.abc import Iterator

import pytest

from tests.mailbox import Mailbox


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that takes what it gets."""
    with Mailbox() as server:
        yield server
