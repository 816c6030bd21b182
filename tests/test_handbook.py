"""The handbook and its pictures: each picture exists, is named and can be taken again."""

import re
from collections import Counter

from babel.messages.pofile import read_po

from ikone_events.web.shell.documents import webp_size
from tests.pictures import ALL, FOLDER
from tests.source import PACKAGE, ROOT

HANDBOOK = ROOT / "docs" / "handbuch.md"
GERMAN = PACKAGE / "translations/de/LC_MESSAGES/messages.po"
MOST_BYTES = 1_500_000
# What the handbook needs a chapter for: the jobs of the office.
JOBS = 20


def _pictures_in(document: str, folder: str) -> list[tuple[str, str]]:
    """Text and name of each picture of a document."""
    text = (ROOT / document).read_text("utf-8")
    return re.findall(rf"!\[([^\]]*)\]\({folder}/([\w-]+)\.webp\)", text)


def _named() -> list[tuple[str, str]]:
    named = _pictures_in("docs/handbuch.md", "handbuch")
    return named + _pictures_in("README.md", "docs/handbuch")


def test_pictures_are_those_that_documents_name_and_the_script_takes() -> None:
    """Take them with `make pictures`."""
    files = {path.stem for path in FOLDER.iterdir()}
    assert files == {name for _, name in _named()} == set(ALL)


def test_pictures_describe_in_words_what_they_show() -> None:
    assert [name for text, name in _named() if len(text) < 20] == []


def test_pictures_are_small() -> None:
    paths = list(FOLDER.iterdir())
    assert sum(path.stat().st_size for path in paths) < MOST_BYTES
    assert [path.name for path in paths if not 0 < webp_size(path)[0] <= 1000] == []


def test_chapters_of_the_handbook_have_a_picture_each() -> None:
    _, *chapters = HANDBOOK.read_text("utf-8").split("\n## ")
    assert len(chapters) >= JOBS
    assert [chapter.partition("\n")[0] for chapter in chapters if ".webp)" not in chapter] == []


def test_handbook_names_what_the_german_pages_say() -> None:
    """Bold words are labels: of buttons, links, fields and pages."""
    with GERMAN.open("rb") as file:
        labels = {message.string for message in read_po(file) if isinstance(message.string, str)}
    found = Counter(re.findall(r"\*\*(.+?)\*\*", HANDBOOK.read_text("utf-8"), re.DOTALL))
    assert [label for label in found if label not in labels] == []
