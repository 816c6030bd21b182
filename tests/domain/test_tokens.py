import pytest

from ikone_events.domain.refusals import LinkRefused
from ikone_events.domain.tokens import LinkClaim, LinkSigner, Purpose

SIGNER = LinkSigner("a" * 40)
CLAIM = LinkClaim("Zm9vYmFy", 3)


def test_token_reads_back_and_stays_the_same() -> None:
    token = SIGNER.sign(Purpose.REGISTRATION, CLAIM)
    assert SIGNER.read(Purpose.REGISTRATION, token) == CLAIM
    assert SIGNER.sign(Purpose.REGISTRATION, CLAIM) == token


@pytest.mark.parametrize("token", ["", "x", "WyJhIiwxXQ.abc", "..", "a" * 5000])
def test_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(LinkRefused):
        SIGNER.read(Purpose.REGISTRATION, token)


def test_changed_token_is_refused() -> None:
    token = SIGNER.sign(Purpose.REGISTRATION, CLAIM)
    with pytest.raises(LinkRefused):
        SIGNER.read(Purpose.REGISTRATION, token[:-2] + ("A" if token[-1] != "A" else "B") * 2)


def test_token_of_another_key_is_refused() -> None:
    token = LinkSigner("b" * 40).sign(Purpose.REGISTRATION, CLAIM)
    with pytest.raises(LinkRefused):
        SIGNER.read(Purpose.REGISTRATION, token)
