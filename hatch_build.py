"""Bring KERN, the compiled translations, templates and migrations into the package.

A plain `pip install` must be enough: no npm, no network request of the running app. KERN comes
unmodified from the pinned build requirement `mkdocs-kern-ux`; only fira-sans.css is cut to the
four weights that are shipped. Works for wheels and editable installs, isolated or not.
"""

import importlib.util
import io
import re
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "ikone_events"
KERN = Path(PACKAGE, "static", "vendor", "kern")
WEIGHTS = ("Regular", "Medium", "SemiBold", "Bold")
FONT_CSS = Path("fonts", "fira-sans.css")
UNCHANGED = (
    "kern.min.css",
    "LICENSE.txt",
    "VERSION",
    "fonts/fira-sans/OFL.txt",
    *(f"fonts/fira-sans/FiraSans-{weight}.woff2" for weight in WEIGHTS),
)
# A wheel carries them inside the package; an editable install finds them at the top of the repo.
TOP_LEVEL = ("templates", "migrations")


class AssetsHook(BuildHookInterface[Any]):
    """Run by hatchling before it collects the files of a wheel or an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files that git ignores and name them, so that the wheel carries them."""
        root = Path(self.root)
        copy_kern(root / KERN)
        compile_catalogues(root / PACKAGE / "translations")
        build_data["artifacts"] += [f"/{KERN.as_posix()}/**", f"/{PACKAGE}/translations/**/*.mo"]
        if version != "editable":
            build_data["force_include"].update({name: f"{PACKAGE}/{name}" for name in TOP_LEVEL})


def copy_kern(target: Path) -> None:
    """Copy what the pages use of KERN, with its licences, keeping its own folders."""
    source = kern_source()
    for name in UNCHANGED:
        write_if_new(target / name, (source / name).read_bytes())
    css = (source / FONT_CSS).read_text(encoding="utf-8")
    write_if_new(target / FONT_CSS, cut_font_css(css).encode())


def kern_source() -> Path:
    """Find KERN in the installed build requirement without importing it (it would need MkDocs)."""
    spec = importlib.util.find_spec("mkdocs_kern_ux")
    if spec is None or spec.origin is None:
        raise RuntimeError("The build requirement mkdocs-kern-ux is not installed.")
    return Path(spec.origin).parent / "kern-ux" / "vendor" / "kern"


def cut_font_css(css: str) -> str:
    """Keep the @font-face blocks of the weights that are shipped, word for word."""
    blocks = re.findall(r"@font-face\s*\{[^}]*\}", css)
    kept = [b for b in blocks if any(f"FiraSans-{weight}.woff2" in b for weight in WEIGHTS)]
    if len(kept) != len(WEIGHTS):
        raise RuntimeError(f"Expected {len(WEIGHTS)} font faces in {FONT_CSS}, found {len(kept)}.")
    return "\n\n".join(kept) + "\n"


def compile_catalogues(translations: Path) -> None:
    """Compile each messages.po beside itself; a broken one stops the build."""
    for po in sorted(translations.glob("*/LC_MESSAGES/*.po")):
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parent.parent.name, abort_invalid=True)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        write_if_new(po.with_suffix(".mo"), compiled.getvalue())


def write_if_new(path: Path, content: bytes) -> None:
    """Leave equal files alone: a running app may be serving them."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
