"""The wheel is all that an operator gets: nothing the app needs at run time may be missing."""

import re
import shutil
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
KERN = "ikone_events/static/vendor/kern/"
FACES = ("Regular", "Medium", "SemiBold", "Bold")

# Git ignores what the hook makes; leaving it behind proves that the build brings it anew.
NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "vendor", "*.mo", "build", "dist"
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a clean copy, without network: the environment has what it takes."""
    work = tmp_path_factory.mktemp("wheel")
    source = shutil.copytree(ROOT, work / "source", ignore=NOT_IN_A_CLONE)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-index"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(work), str(source)]
    built = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = work.glob("ikone_events-*.whl")
    return path


@pytest.fixture(scope="module")
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


def test_wheel_carries_kern_with_its_fonts_and_licences(contents: dict[str, bytes]) -> None:
    assert b".kern-btn" in contents[KERN + "kern.min.css"]
    for face in FACES:
        assert contents[f"{KERN}fonts/fira-sans/FiraSans-{face}.woff2"].startswith(b"wOF2")
    assert "EUROPÄISCHE UNION" in contents[KERN + "LICENSE.txt"].decode()
    assert b"SIL OPEN FONT LICENSE" in contents[KERN + "fonts/fira-sans/OFL.txt"]


def test_every_address_in_kern_css_leads_into_the_wheel(contents: dict[str, bytes]) -> None:
    sheets = [name for name in contents if name.startswith(KERN) and name.endswith(".css")]
    assert len(sheets) == 2
    for sheet in sheets:
        for address in re.findall(r"url\(\s*[\"']?([^\"')]+)", contents[sheet].decode()):
            if not address.startswith("data:"):
                assert str(PurePosixPath(sheet).parent / address) in contents


def test_wheel_names_its_licence_and_its_command(contents: dict[str, bytes]) -> None:
    about = {Path(name).name: data for name, data in contents.items() if ".dist-info/" in name}
    assert message_from_bytes(about["METADATA"])["License-Expression"] == "EUPL-1.2"
    assert about["LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert "ikone-events = ikone_events.cli:main" in about["entry_points.txt"].decode()


def test_wheel_carries_nothing_of_the_workshop(contents: dict[str, bytes]) -> None:
    tops = {name.split("/")[0] for name in contents}
    assert {top.partition("-")[0] for top in tops} == {"ikone_events"}
    assert not [name for name in contents if "__pycache__" in name or "/tests/" in name]
