"""Bring KERN, its font, compressed static files, translations, templates and migrations.

A plain `pip install` must be enough: no npm, no network request of the running app. KERN comes
from the pinned build requirement `mkdocs-kern-ux`. Its style sheet stays word for word; behind it
stand the font faces, so that a page loads one file. Fira Sans is cut to the weights and characters
that pages use, and has another name then, as its licence demands; PDFs have all its characters.
Works for wheels and editable installs, isolated or not; the running app needs none of the build
requirements.
"""

import gzip
import hashlib
import importlib.util
import io
import logging
from pathlib import Path
from typing import Any

import brotli
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fontTools.subset import Options, Subsetter, load_font
from fontTools.ttLib import TTFont
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "ikone_events"
STATIC = Path(PACKAGE, "static")
VENDOR = STATIC / "vendor"
FAMILY = "Ikone Sans"
# Our weight, KERN's file, and the weights it stands for: bold is drawn with 600, like in KERN.
FACES = ((400, "Regular", "400 500"), (600, "SemiBold", "600 900"))
# Latin script as in European names, punctuation, arrows and signs of the pages.
CHARACTERS = (
    *(range(0x20, 0x7F), range(0xA0, 0x180), range(0x218, 0x21C), range(0x2BB, 0x2BD)),
    *(range(0x2C6, 0x2C8), range(0x2D8, 0x2DE), range(0x300, 0x329), range(0x1E80, 0x1E86)),
    *(range(0x1E9E, 0x1E9F), range(0x2010, 0x2016), range(0x2018, 0x2023), range(0x2026, 0x2027)),
    *(range(0x202F, 0x2031), range(0x2032, 0x2034), range(0x2039, 0x203B), range(0x20AC, 0x20AD)),
    *(range(0x2122, 0x2123), range(0x2190, 0x2194), range(0x2212, 0x2213), range(0x2264, 0x2266)),
)
# Kerning, accents, and figures of equal width in tables.
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "tnum", "lnum"]
# Numbers of texts in a font (OpenType, table "name").
FAMILY_ID, STYLE_ID, UNIQUE_ID, FULL_ID, POSTSCRIPT_ID = 1, 2, 3, 4, 6
TRADEMARK_ID, DESCRIPTION_ID, OTHER_NAMES_IDS = 7, 10, (16, 17, 18, 21, 22)
# Compressed beside the fonts, which are compressed themselves.
COMPRESSED = (".css", ".js", ".svg")
# A wheel carries them inside the package; an editable install finds them at the top of the repo.
TOP_LEVEL = ("templates", "migrations", "docs/handbuch.md", "docs/handbuch")


class AssetsHook(BuildHookInterface[Any]):
    """Run by hatchling before it collects the files of a wheel or an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files that git ignores and name them, so that the wheel carries them."""
        root = Path(self.root)
        build_vendor(root)
        compile_catalogues(root / PACKAGE / "translations")
        build_data["artifacts"] += [f"/{VENDOR.as_posix()}/**", f"/{PACKAGE}/translations/**/*.mo"]
        if version != "editable":
            build_data["force_include"].update({name: f"{PACKAGE}/{name}" for name in TOP_LEVEL})


def build_vendor(root: Path) -> None:
    """Write KERN, fonts and compressed files; remove what an older version of this file made."""
    vendor = root / VENDOR
    made = vendor_files(kern_source())
    own = (path for path in (root / STATIC).iterdir() if path.is_file())
    served = {**{path.name: path.read_bytes() for path in own}, **made}
    for name, content in served.items():
        if Path(name).suffix in COMPRESSED:
            made.update(compressed(content))
    for name, content in made.items():
        write_if_new(vendor / name, content)
    for path in sorted(vendor.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path.relative_to(vendor).as_posix() not in made:
            path.unlink()


def vendor_files(source: Path) -> dict[str, bytes]:
    """KERN and the fonts with their licences, by their names below static/vendor."""
    files = {f"kern/{name}": (source / name).read_bytes() for name in ("LICENSE.txt", "VERSION")}
    fonts = source / "fonts" / "fira-sans"
    files["fonts/OFL.txt"] = (fonts / "OFL.txt").read_bytes()
    faces = []
    for weight, style, stands_for in FACES:
        name = f"fonts/ikone-sans-{weight}.woff2"
        source_font = fonts / f"FiraSans-{style}.woff2"
        files[name] = latin_font(source_font, style)
        files[f"fonts/ikone-sans-{weight}.ttf"] = print_font(source_font, style)
        address = f"../{name}?v={digest(files[name])}"
        faces.append(
            f'@font-face{{font-family:"{FAMILY}";src:url("{address}") format("woff2");'
            f"font-weight:{stands_for};font-display:swap}}"
        )
    kern = (source / "kern.min.css").read_text(encoding="utf-8")
    version = files["kern/VERSION"].decode().strip()
    own = (
        f"\n/* Above: KERN {version}, unchanged, licensed under the EUPL-1.2: see LICENSE.txt.\n"
        f"   Below: Ikone Events; {FAMILY} is a subset of Fira Sans: see ../fonts/OFL.txt. */\n"
    )
    family = f':root{{--kern-typography-font-family-fira-sans:"{FAMILY}",sans-serif}}'
    files["kern/kern.css"] = "\n".join([kern + own, *faces, family, ""]).encode()
    return files


def latin_font(path: Path, style: str) -> bytes:
    """The font with our CHARACTERS alone, renamed; equal input gives equal bytes."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # an oddity of Fira Sans, each time
    options = Options(layout_features=FEATURES, recalc_timestamp=False, notdef_outline=True)
    options.name_IDs = ["*"]
    font = load_font(str(path), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for codes in CHARACTERS for code in codes])
    subsetter.subset(font)
    rename(font, style)
    return saved(font, "woff2")


def print_font(path: Path, style: str) -> bytes:
    """The font for PDFs, renamed: typst reads no woff2, and names may be Greek or Cyrillic."""
    font = TTFont(path, recalcTimestamp=False)
    rename(font, style)
    return saved(font, None)


def saved(font: TTFont, flavor: str | None) -> bytes:
    """The file of a font."""
    font.flavor = flavor
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()


def rename(font: TTFont, style: str) -> None:
    """Replace the reserved name (OFL-1.1, condition 3); copyright and licence stay inside."""
    names = font["name"]
    postscript = f"{FAMILY.replace(' ', '')}-{style}"
    texts = {
        FAMILY_ID: FAMILY if style == "Regular" else f"{FAMILY} {style}",
        STYLE_ID: "Regular",
        UNIQUE_ID: postscript,
        FULL_ID: f"{FAMILY} {style}",
        POSTSCRIPT_ID: postscript,
        DESCRIPTION_ID: "Subset of another font, made for Ikone Events; see its copyright.",
    }
    for record in list(names.names):
        if record.nameID in (*texts, TRADEMARK_ID, *OTHER_NAMES_IDS):
            names.names.remove(record)
    for number, text in texts.items():
        names.setName(text, number, 3, 1, 0x409)  # Windows, Unicode, English: what fonts must have


def compressed(content: bytes) -> dict[str, bytes]:
    """Both variants, named by what they hold: a file that was edited never finds an old one."""
    name = f"packed/{digest(content)}"
    return {
        f"{name}.gz": gzip.compress(content, compresslevel=9, mtime=0),
        f"{name}.br": brotli.compress(content, mode=brotli.MODE_TEXT, quality=11),
    }


def digest(content: bytes) -> str:
    """The version of a file in its URL; the app computes the same (web/shell/static_files.py)."""
    return hashlib.sha256(content).hexdigest()[:12]


def kern_source() -> Path:
    """Find KERN in the installed build requirement without importing it (it would need MkDocs)."""
    spec = importlib.util.find_spec("mkdocs_kern_ux")
    if spec is None or spec.origin is None:
        raise RuntimeError("The build requirement mkdocs-kern-ux is not installed.")
    return Path(spec.origin).parent / "kern-ux" / "vendor" / "kern"


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
