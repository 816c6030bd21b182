"""The running application and its context themselves: each look through `current_app` costs ten
calls more, and every request takes dozens.
"""

from collections.abc import Callable
from typing import Any, cast

from flask import Flask
from flask.ctx import AppContext
from flask.globals import app_ctx

this_context = cast(Callable[[], AppContext], cast(Any, app_ctx)._get_current_object)  # noqa: SLF001 - documented


def running_app() -> Flask:
    """The application of this context."""
    return this_context().app
