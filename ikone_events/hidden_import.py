"""Imports of libraries that import another one wherever it is installed, used or not."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden(library: str) -> Iterator[None]:
    """Let the imports of this block go on as if a library were not installed."""
    if library in sys.modules:
        yield
        return
    sys.modules[library] = None  # type: ignore[assignment]  # Python's way: an import fails
    try:
        yield
    finally:
        del sys.modules[library]
