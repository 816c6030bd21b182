"""Parts of a mail in another language than the mail."""

from dataclasses import replace

import pytest

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import MailKind
from tests.mail.writing.mails import FACTS, written

REASON = "Die Referentin ist erkrankt.\nWir bitten um <Verständnis>."
WITH_REASON = (MailKind.CANCELLATION, MailKind.POSTPONED, MailKind.DECLINED, MailKind.MOVED)


@pytest.mark.parametrize("kind", WITH_REASON)
def test_english_mail_states_that_its_reason_is_german(kind: MailKind) -> None:
    mail = written(kind, "en", facts=replace(FACTS, reason=REASON))
    assert f"Reason, in German:\n{REASON}" in mail.text
    german = "Die Referentin ist erkrankt.<br>\nWir bitten um &lt;Verständnis&gt;.</p>"
    before, _, _after = mail.html.partition(german)
    assert 'lang="de"' in before[before.rindex("<p") :]
    assert mail.html.count('lang="de"') == 1


@pytest.mark.parametrize("kind", WITH_REASON)
def test_german_mail_gives_the_reason_alone(kind: MailKind) -> None:
    mail = written(kind, "de", facts=replace(FACTS, reason=REASON))
    assert REASON in mail.text
    assert "Reason" not in mail.text
    assert mail.html.count('lang="de"') == 1, "the page itself"


@pytest.mark.parametrize("kind", WITH_REASON)
def test_no_reason_is_no_heading(kind: MailKind) -> None:
    assert "Reason" not in written(kind, "en", facts=replace(FACTS, reason="")).text


def test_edited_english_text_marks_the_reason_too() -> None:
    edited = EditedText("Off", "We are sorry.\n\n{{grund}}\n\nBye")
    mail = written(MailKind.CANCELLATION, "en", facts=replace(FACTS, reason=REASON), edited=edited)
    assert f"We are sorry.\n\nReason, in German:\n{REASON}\n\nBye" in mail.text
    assert '<p lang="de"' in mail.html
