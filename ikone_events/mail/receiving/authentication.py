"""Whether our own mail server vouches for the sender (RFC 8601).

Only what stands under our server's own name counts, and of that only the topmost: servers put their
headers on top, so the first ones with our name, down to the next Received, are from the last time
that our server took the mail in. Whatever stands below may have come with the mail. A server must
take foreign headers with its own name out (RFC 8601 section 5); for one that does not and adds
nothing itself, no rule of ours could help.
"""

from ikone_events.mail.receiving.headers import Mail
from ikone_events.mail.receiving.structured import pieces, unquoted

_MARKS = frozenset("=<>,")


def is_vouched_for(mail: Mail, *, domain: str, authserv_id: str) -> bool:
    """Whether our server found dmarc=pass for this domain; nothing is believed without its name.

    Two findings about DMARC of one time, or one that is malformed, are as good as none.
    """
    if not authserv_id or not domain:
        return False
    findings = [
        finding
        for results in _own_results(mail, authserv_id.lower())
        for finding in results
        if finding[0].lower().partition("/")[0] == "dmarc"
    ]
    return len(findings) == 1 and _is_pass(findings[0], domain)


def _own_results(mail: Mail, authserv_id: str) -> list[list[list[str]]]:
    """The findings of our server's topmost headers, each as its pieces."""
    found: list[list[list[str]]] = []
    for name, raw in mail.raw_items():
        if name.lower() == "received" and found:
            break
        if name.lower() == "authentication-results":
            groups = _groups(str(raw))
            if groups and groups[0] and unquoted(groups[0][0]).lower() == authserv_id:
                found.append([group for group in groups[1:] if group])
    return found


def _groups(text: str) -> list[list[str]]:
    """The pieces between semicolons; nothing when comments or quotation marks do not close."""
    groups: list[list[str]] = [[]]
    for piece in pieces(text) or ():
        if piece == ";":
            groups.append([])
        else:
            groups[-1].append(piece)
    return groups


def _is_pass(finding: list[str], domain: str) -> bool:
    """`dmarc = pass`, then pairs `name = value`; the one `header.from` is our sender's domain."""
    if len(finding) % 3 or any(mark != "=" for mark in finding[1::3]):
        return False
    names = [name.lower() for name in finding[0::3]]
    results = [unquoted(result).lower() for result in finding[2::3]]
    if _MARKS & {*names, *results}:
        return False
    of_from = [result for name, result in zip(names, results, strict=True) if name == "header.from"]
    return results[0] == "pass" and of_from == [domain.lower()]
