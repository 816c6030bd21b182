"""What the documents and the catalogue promise is what the code has."""

import ast
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import MISSING, fields
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po

from ikone_events.commands import COMMANDS, find_command
from ikone_events.config import SECRETS, Settings
from tests.diagrams import lifecycle_diagram, registration_diagram, registration_table
from tests.source import PACKAGE, ROOT, modules

README = ROOT / "README.md"
TRANSLATING = {"gettext", "lazy_gettext", "ngettext", "lazy_ngettext"}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]")


def _rows(document: Path) -> dict[str, list[str]]:
    """The rows of all tables of a document by the code in their first cell."""
    rows = (
        [cell.strip() for cell in line.strip(" |").split(" | ")]
        for line in document.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    )
    return {cells[0].strip("`"): cells[1:] for cells in rows}


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)
def test_setting_is_in_the_readme_with_its_default(field) -> None:
    rows = _rows(README)
    name = f"IKONE_{field.name.upper()}"
    assert name in rows
    default = "required" if field.default is MISSING else _as_text(field.default)
    assert rows[name][0] == default


def _as_text(value: object) -> str:
    """A default as a person would write it into `.env`."""
    if isinstance(value, bool):
        value = "on" if value else "off"
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    return "empty" if value == "" else f"`{value}`"


def test_readme_invents_no_settings() -> None:
    known = {f"IKONE_{field.name.upper()}" for field in fields(Settings)} | {"IKONE_CHROMIUM"}
    known |= {f"{secret}_FILE" for secret in SECRETS}
    for document in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"):
        found = set(re.findall(r"IKONE_[A-Z_]*[A-Z]", (ROOT / document).read_text("utf-8")))
        assert found <= known, document


def _commands(commands: Iterable[click.Command], before: str = "") -> Iterable[str]:
    for command in commands:
        name = f"{before}{command.name}"
        if isinstance(command, click.Group):
            yield from _commands(command.commands.values(), f"{name} ")
        else:
            yield name


@pytest.mark.parametrize("command", list(_commands(map(find_command, COMMANDS))))
def test_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"^\| `{command}\b", README.read_text("utf-8"), re.MULTILINE)


def test_readme_invents_no_commands() -> None:
    known = {*_commands(map(find_command, COMMANDS)), "db upgrade"}
    text = README.read_text("utf-8")
    rows = re.findall(r"^\| `([a-z]+(?: [a-z]+)*)", text, re.MULTILINE)
    run = re.findall(r"ikone-events ((?:[a-z]+)(?: [a-z]+)?)", text)
    for words in [row for row in rows if row.split()[0] in _first_words(known)] + run:
        assert words in known or words.split()[0] in known, words


def _first_words(names: Iterable[str]) -> set[str]:
    return {name.split()[0] for name in names}


def test_contributing_shows_the_lifecycle_of_the_table() -> None:
    """Make it anew with `python -m tests.diagrams`."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert re.findall(r"```mermaid\n(.*?)\n```", text, re.DOTALL) == [lifecycle_diagram()]


def test_life_of_a_registration_is_that_of_its_table() -> None:
    text = (ROOT / "docs" / "registrations.md").read_text(encoding="utf-8")
    assert registration_table() in text
    assert re.findall(r"```mermaid\n(.*?)\n```", text, re.DOTALL) == [registration_diagram()]


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_document_links_lead_to_files_that_exist(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
        assert (ROOT / target).exists(), target


def test_documents_name_files_that_exist() -> None:
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text("utf-8")
        named = re.findall(
            r"`((?:ikone_events|templates|tests|migrations|docs)/[\w./-]+|[a-z]+/(?:\w+/)*\w+\.py)`",
            text,
        )
        for name in named:
            found = [folder / name for folder in (ROOT, PACKAGE) if (folder / name).exists()]
            assert found, f"{document}: {name}"


def _keywords() -> dict[str, object]:
    """The names by which the Makefile's `make translations` finds texts."""
    given = re.findall(r"--keywords (\S+)", (ROOT / "Makefile").read_text("utf-8"))
    return {**DEFAULT_KEYWORDS, **parse_keywords(given)}


def test_texts_are_marked_by_names_that_the_extraction_knows() -> None:
    faults = [
        f"{module.at(node)} {alias.asname or alias.name}"
        for module in modules()
        for node in module.nodes()
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in TRANSLATING and (alias.asname or alias.name) not in _keywords()
    ]
    assert faults == []


def _extracted() -> Catalog:
    """What `make translations` would find now."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as stream:
        methods, options = parse_mapping_cfg(stream)
    catalogue = Catalog()
    for name, line, message, _, context in extract_from_dir(
        ROOT, method_map=methods, options_map=options, keywords=_keywords()
    ):
        catalogue.add(message, None, [(name, line)], context=context)
    return catalogue


@pytest.fixture(scope="module")
def german() -> Catalog:
    """The German catalogue."""
    path = PACKAGE / "translations" / "de" / "LC_MESSAGES" / "messages.po"
    return read_po(io.BytesIO(path.read_bytes()), locale="de")


def _texts(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, list | tuple) else [message.string]


def test_every_text_has_a_german_translation(german: Catalog) -> None:
    missing = []
    for message in _extracted():
        found = german.get(message.id) if message.id else None
        if message.id and (found is None or found.fuzzy or not all(_texts(found))):
            missing.append(f"{message.locations[0]}: {message.id}")
    assert missing == []


def test_translations_keep_the_placeholders(german: Catalog) -> None:
    faults = [
        f"{message.id} -> {text}"
        for message in german
        if message.id
        for text in _texts(message)
        if _placeholders(text) not in {_placeholders(original) for original in _ids(message)}
    ]
    assert faults == []


def _ids(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def _placeholders(text: str) -> tuple[str, ...]:
    return tuple(sorted(PLACEHOLDER.findall(text)))


def test_no_translation_is_fuzzy(german: Catalog) -> None:
    assert [message.id for message in german if message.id and message.fuzzy] == []


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "docs/handbuch.md"])
def test_document_contains_everything_once(name: str) -> None:
    """Joining branches keeps both copies of what each of them moved."""
    text = (ROOT / name).read_text("utf-8")
    parts = Counter(part.strip() for part in re.split(r"\n(?=- |\n)", text))
    assert [part for part, number in parts.items() if number > 1 and len(part) > 60] == []
    headings = Counter(re.findall(r"^(?:#+ .+|[A-Z][^.\n]*:)$(?=\n\n- )", text, re.MULTILINE))
    assert [heading for heading, number in headings.items() if number > 1] == []
