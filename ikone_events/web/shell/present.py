"""The request itself, and its context: each look through Flask's proxies costs ten calls more.

What every request passes asks for them once.
"""

from collections.abc import Callable
from typing import Any, cast

from flask import Request
from flask.ctx import AppContext
from flask.globals import app_ctx, request


def _behind(proxy: Any) -> Any:
    return proxy._get_current_object  # noqa: SLF001 - documented


this_request = cast(Callable[[], Request], _behind(request))
this_context = cast(Callable[[], AppContext], _behind(app_ctx))
