import pytest

from ikone_events.domain.refusals import LinkRefused
from ikone_events.domain.tokens import LinkClaim, LinkSigner, Purpose

SIGNER = LinkSigner("a" * 40)
CLAIM = LinkClaim("Zm9vYmFy", 3)


def test_token_reads_back_and_stays_the_same() -> None:
    token = SIGNER.sign(Purpose.REGISTRATION, CLAIM)
    assert SIGNER.read(Purpose.REGISTRATION, token) == CLAIM
    assert SIGNER.sign(Purpose.REGISTRATION, CLAIM) == token


def test_tokens_are_those_of_earlier_versions() -> None:
    """They stand in mails and calendars; a long claim is compressed."""
    claim = LinkClaim("7f3a9c0e51d2486b8e64f0a1b97c25d3", 1)
    token = SIGNER.sign(Purpose.REGISTRATION, claim)
    payload = "WyI3ZjNhOWMwZTUxZDI0ODZiOGU2NGYwYTFiOTdjMjVkMyIsMV0"
    assert token == f"{payload}.4zb0s8YxiLclpr2Od_AtYLCoSw1mjBlLMwULzsj5kx4"

    long = LinkClaim(
        "7f3a9c0e51d2486b8e64f0a1b97c25d3c41e6b0f2a9d58377e1c90b4d6f2a385", 1, 1893456000
    )
    signature = "4lpWF1RLetidacV5WWGoMnERwtrcNJJa4Nxqz03hJIE"
    assert SIGNER.sign(Purpose.OBJECTION, long).endswith(signature)
    assert SIGNER.read(Purpose.OBJECTION, SIGNER.sign(Purpose.OBJECTION, long)) == long


@pytest.mark.parametrize("token", ["", "x", "WyJhIiwxXQ.abc", "..", "a" * 5000])
def test_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(LinkRefused):
        SIGNER.read(Purpose.REGISTRATION, token)


def test_changed_token_is_refused() -> None:
    token = SIGNER.sign(Purpose.REGISTRATION, CLAIM)
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    with pytest.raises(LinkRefused):
        SIGNER.read(Purpose.REGISTRATION, changed)


def test_token_of_another_key_is_refused() -> None:
    token = LinkSigner("b" * 40).sign(Purpose.REGISTRATION, CLAIM)
    with pytest.raises(LinkRefused):
        SIGNER.read(Purpose.REGISTRATION, token)
