"""The locks are what `make` installs: complete, hashed, in agreement, free of addresses."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")


def project() -> dict[str, dict[str, list[str]]]:
    """Read pyproject.toml."""
    read: dict[str, dict[str, list[str]]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return read


def pins(lock: str) -> set[str]:
    """Every pinned requirement of a lock with its marker, without its hashes."""
    return set(re.findall(r"^([a-z0-9].*?) \\$", (ROOT / lock).read_text(), re.MULTILINE))


def names(requirements: list[str]) -> set[str]:
    """The bare package names of requirements or pins."""
    return {re.split(r"[\[<>=!~ ;]", requirement)[0].lower() for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_address(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_gives_every_package_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    packages = re.findall(r"^[a-z0-9]\S*==[^\n]*\n(.*)", text, re.MULTILINE)
    assert packages
    assert all(line.startswith("    --hash=sha256:") for line in packages)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_development_lock_agrees_with(lock: str) -> None:
    assert pins(lock) <= pins("requirements-dev.lock")


def test_build_requirements_are_the_locked_ones() -> None:
    build = project()["dependency-groups"]["build"]
    assert project()["build-system"]["requires"] == build
    assert names(build) <= names(list(pins("requirements-build.lock")))


def test_runtime_requirements_are_locked() -> None:
    wanted = names(project()["project"]["dependencies"])
    assert wanted <= names(list(pins("requirements.lock")))
