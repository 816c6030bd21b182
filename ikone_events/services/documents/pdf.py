"""PDFs, made by typst where it is installed (extra [pdf]) from templates/pdf."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import ikone_events
from ikone_events.mail.writing.templates import template_folder
from ikone_events.services.documents import typesetting

_SECONDS = 60


def can_make_pdfs() -> bool:
    """Whether typst is installed."""
    return importlib.util.find_spec("typst") is not None


def make_pdf(name: str, values: Mapping[str, object]) -> bytes:
    """The PDF of templates/pdf/<name>.typ; raises ImportError without typst.

    The values reach the template as JSON and stay data: nothing in them is read as markup.
    """
    return typesetting.compiled(*_source(name), json.dumps(values))


def make_large_pdf(name: str, values: Mapping[str, object]) -> bytes:
    """The same in a process of its own.

    Typst keeps what it has laid out for its next ten documents: 35 MB for each of two hundred name
    badges. That memory is free again when the process ends.
    """
    command = [sys.executable, "-I", typesetting.__file__, *map(str, _source(name))]
    made = subprocess.run(  # noqa: S603 - nothing in the command comes from outside
        command,
        input=json.dumps(values).encode(),
        capture_output=True,
        check=True,
        timeout=_SECONDS,
    )
    return made.stdout


def _source(name: str) -> tuple[Path, Path]:
    """The template, and the folder of our fonts."""
    fonts = Path(ikone_events.__file__).parent / "static" / "vendor" / "fonts"
    return template_folder() / "pdf" / f"{name}.typ", fonts
