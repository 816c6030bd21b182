"""The request itself: each look through Flask's `request` costs ten calls more.

What every request passes asks for it once.
"""

from collections.abc import Callable
from typing import Any, cast

from flask import Request, request

this_request = cast(Callable[[], Request], cast(Any, request)._get_current_object)  # noqa: SLF001 - documented
