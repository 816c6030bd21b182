"""The wheel is all that an operator gets: nothing the app needs at run time may be missing."""

import fcntl
import gzip
import hashlib
import importlib.util
import io
import re
import shutil
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import brotli
import pytest
from babel.messages.pofile import read_po
from fontTools.ttLib import TTFont

ROOT = Path(__file__).parents[2]
STATIC = "ikone_events/static/"
KERN = f"{STATIC}vendor/kern/"
FONTS = f"{STATIC}vendor/fonts/"
PACKED = f"{STATIC}vendor/packed/"
FACES = ("400", "600")
# Numbers of the names of a font that programs show (OpenType, table "name").
SHOWN_NAMES = (1, 3, 4, 6, 16, 17, 18)

# Git ignores what the hook makes; leaving it behind proves that the build brings it anew.
NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "vendor", "*.mo", "build", "dist"
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def wheel(folder_of_run: Path) -> Path:
    """The wheel, built once for all processes of a run.

    Groups of pytest-xdist 3.8 have no effect with pytest 9.2: each process built a wheel.
    """
    folder = folder_of_run / "built-wheel"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return next(folder.glob("ikone_events-*.whl"), None) or _build(folder)


def _build(work: Path) -> Path:
    """Build from a clean copy, without network: the environment has what it takes."""
    source = shutil.copytree(ROOT, work / "source", ignore=NOT_IN_A_CLONE, dirs_exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-index"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(work), str(source)]
    built = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = work.glob("ikone_events-*.whl")
    return path


@pytest.fixture(scope="session")
def contents(wheel: Path) -> dict[str, bytes]:
    """Every file of the wheel by its name."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("folder", "pattern"),
    [
        ("templates", "**/*.html"),
        ("migrations", "**/*.py"),
        ("migrations", "**/*.mako"),
        ("ikone_events/static", "*.css"),
        ("ikone_events/demo", "*.json"),
        ("docs", "handbuch.md"),
        ("docs/handbuch", "*.webp"),
    ],
)
def test_wheel_carries_every_source_file(
    contents: dict[str, bytes], folder: str, pattern: str
) -> None:
    sources = sorted((ROOT / folder).glob(pattern))
    assert sources, f"nothing in {folder}"
    for source in sources:
        name = source.relative_to(ROOT).as_posix()
        inside = name if name.startswith("ikone_events/") else f"ikone_events/{name}"
        assert contents.get(inside) == source.read_bytes(), inside


def test_wheel_carries_a_compiled_catalogue_for_each_language(contents: dict[str, bytes]) -> None:
    sources = list((ROOT / "ikone_events/translations").glob("*/LC_MESSAGES/*.po"))
    assert sources
    for source in sources:
        compiled = contents[source.relative_to(ROOT).with_suffix(".mo").as_posix()]
        assert compiled[:4] == b"\xde\x12\x04\x95", "not a catalogue that gettext can read"


def test_wheel_carries_kern_word_for_word_with_its_licence(contents: dict[str, bytes]) -> None:
    package = importlib.util.find_spec("mkdocs_kern_ux")
    assert package is not None
    assert package.origin is not None
    kern = Path(package.origin).parent / "kern-ux" / "vendor" / "kern"
    assert contents[KERN + "kern.css"].startswith((kern / "kern.min.css").read_bytes())
    assert contents[KERN + "LICENSE.txt"] == (kern / "LICENSE.txt").read_bytes()
    assert "EUROPÄISCHE UNION" in contents[KERN + "LICENSE.txt"].decode()


def test_fonts_have_a_name_of_their_own_and_their_licence(contents: dict[str, bytes]) -> None:
    """OFL-1.1: a changed font may not use the reserved name, and carries copyright and licence."""
    assert b"SIL OPEN FONT LICENSE" in contents[FONTS + "OFL.txt"]
    assert b"Reserved Font Name Fira Sans" in contents[FONTS + "OFL.txt"]
    assert {name for name in contents if name.endswith(".woff2")} == {
        f"{FONTS}ikone-sans-{face}.woff2" for face in FACES
    }
    for face in FACES:
        names = font(contents, face)["name"]
        shown = " ".join(str(record) for record in names.names if record.nameID in SHOWN_NAMES)
        assert "Ikone Sans" in shown
        assert "Fira" not in shown
        assert "Mozilla Foundation" in names.getDebugName(0)
        assert "Open Font License" in names.getDebugName(13)


def test_fonts_draw_the_german_texts(contents: dict[str, bytes]) -> None:
    po = (ROOT / "ikone_events/translations/de/LC_MESSAGES/messages.po").read_bytes()
    catalogue = read_po(io.BytesIO(po))
    words = {character for message in catalogue for character in str(message.string)}
    names = set("ÄÖÜäöüßẞàáâãåæçèéêëìíîïñòóôõøùúûýþÿœŠšŽžŁłŚśŻżČčĆćĐđĞğİıŐőŰűȘșȚț€–—„“”‚‘’«»…·×−→")
    for face in FACES:
        drawn = {chr(code) for code in font(contents, face).getBestCmap()}
        assert words | names <= drawn | set("\n"), (words | names) - drawn
        assert len(contents[f"{FONTS}ikone-sans-{face}.woff2"]) < 30_000


def font(contents: dict[str, bytes], face: str) -> TTFont:
    """A font of the wheel."""
    return TTFont(io.BytesIO(contents[f"{FONTS}ikone-sans-{face}.woff2"]))


def test_every_address_in_kern_css_leads_to_this_version(contents: dict[str, bytes]) -> None:
    sheet = KERN + "kern.css"
    addresses = re.findall(r"url\(\s*[\"']?([^\"')]+)", contents[sheet].decode())
    fonts = [address for address in addresses if not address.startswith("data:")]
    assert len(fonts) == len(FACES)
    for address in fonts:
        path, _, version = address.partition("?v=")
        assert path.startswith("../fonts/")
        assert version == digest(contents[FONTS + path.removeprefix("../fonts/")])


def test_wheel_carries_each_static_file_compressed(contents: dict[str, bytes]) -> None:
    ours = {name: data for name, data in contents.items() if name.startswith(STATIC)}
    texts = [data for name, data in ours.items() if name.endswith((".css", ".js", ".svg"))]
    assert len(texts) >= 6
    wanted = {f"{PACKED}{digest(data)}{end}" for data in texts for end in (".gz", ".br")}
    assert {name for name in ours if name.startswith(PACKED)} == wanted
    for data in texts:
        assert gzip.decompress(contents[f"{PACKED}{digest(data)}.gz"]) == data
        assert brotli.decompress(contents[f"{PACKED}{digest(data)}.br"]) == data


def digest(content: bytes) -> str:
    """The version of a file in its URL."""
    return hashlib.sha256(content).hexdigest()[:12]


def test_wheel_names_its_licence_and_its_command(contents: dict[str, bytes]) -> None:
    about = {Path(name).name: data for name, data in contents.items() if ".dist-info/" in name}
    assert message_from_bytes(about["METADATA"])["License-Expression"] == "EUPL-1.2"
    assert about["LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert "ikone-events = ikone_events.cli:main" in about["entry_points.txt"].decode()


def test_wheel_carries_nothing_of_the_workshop(contents: dict[str, bytes]) -> None:
    tops = {name.split("/")[0] for name in contents}
    assert {top.partition("-")[0] for top in tops} == {"ikone_events"}
    assert not [name for name in contents if "__pycache__" in name or "/tests/" in name]
