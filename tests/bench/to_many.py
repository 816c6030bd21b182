"""A mailing to ten thousand people: composed, delivered, and sign-ups in the middle of it."""

from pathlib import Path

from tests.bench.figures import note
from tests.bench.installation import Installation, answer_of

PEOPLE = 10_000
LOOP_SECONDS = 3.0
SIGN_UP_SECONDS = 8.0
FIRST_NUMBER = 500_000

Row = tuple[str, str, str]


def measure(folder: Path, smtp_port: int) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    installation = Installation(folder, smtp_port)
    paths = installation.fill()
    installation.call("tests.bench.mailing", "fill", PEOPLE)
    composed = installation.call("tests.bench.mailing", "compose")
    loops = [_loop(installation, smtp_port)]
    sent = installation.work(120)
    loops.append(_loop(installation, smtp_port))
    _must_be_sent(installation, int(composed["done"]), int(sent["done"]))
    return [*_figures(composed, sent, loops), *_sign_ups(installation, paths[0])]


def _loop(installation: Installation, smtp_port: int) -> float:
    """Mails a second by a bare loop, of the size of these."""
    parts = "avg(length(text) + length(html) + 2.8 * length(calendar))"
    size = int(installation.ask(f"SELECT {parts} FROM outbox_mail")[0])  # noqa: S608 - own words
    result = answer_of("tests.bench.post_office", "loop", smtp_port, LOOP_SECONDS, size)
    return result["done"] / result["seconds"]


def _must_be_sent(installation: Installation, composed: int, sent: int) -> None:
    """Everybody got one mail and the mail server took each."""
    rows = installation.ask("SELECT count(*) FROM outbox_mail WHERE state = 'sent'")[0]
    if {composed, sent, rows} != {PEOPLE}:
        raise RuntimeError(f"{PEOPLE} people, {composed} e-mails, {sent} sent, {rows} rows")


def _figures(composed: dict[str, float], sent: dict[str, float], loops: list[float]) -> list[Row]:
    worker, loop = sent["done"] / sent["seconds"], sum(loops) / len(loops)
    memory = max(composed["megabytes"], sent["megabytes"])
    before = max(composed["megabytes_before"], sent["megabytes_before"])
    return [
        ("e-mails composed", f"{composed['done'] / composed['seconds']:.0f}/s", ""),
        ("e-mails delivered, one connection", f"{worker:.0f}/s", ""),
        ("e-mails by a bare loop", f"{loop:.0f}/s", ""),
        ("  ratio", f"{note('mail_ratio', worker / loop):.2f}", ">= 0.5"),
        ("memory of the worker, first and most", f"{before:.0f}, {memory:.0f} MB", "< 150 MB"),
    ]


def _sign_ups(installation: Installation, path: str) -> list[Row]:
    """A server that composes and sends at full speed while people sign up."""
    installation.call("tests.bench.mailing", "dispatch")
    with installation.serving(IKONE_MAIL_PER_MINUTE="1000000") as server:
        words = (server.port, SIGN_UP_SECONDS, FIRST_NUMBER, path)
        result = answer_of("tests.bench.signups", *words)
        owed = PEOPLE - installation.ask("SELECT count(*) FROM outbox_mail WHERE mailing_id = 2")[0]
        memory = server.megabytes()
    if owed <= 0:
        raise RuntimeError("the mailing was over before the sign-ups were")
    return [
        ("sign-ups during a mailing", f"{result['done'] / SIGN_UP_SECONDS:.0f}/s", ""),
        ("  median, slowest", f"{result['median']:.0f}, {result['worst']:.0f} ms", ""),
        ("  p95", f"{result['p95']:.0f} ms", "< 200 ms"),
        ("memory of the server meanwhile", f"{memory:.0f} MB", "< 150 MB"),
    ]
