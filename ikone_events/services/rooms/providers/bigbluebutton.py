"""BigBlueButton, version 2.4 and later: rooms are made when the first person comes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.rooms.bigbluebutton import (
    BbbAnswer,
    create_parameters,
    join_parameters,
    read_answer,
    signed_address,
)
from ikone_events.domain.rooms.providers import (
    Capabilities,
    Presence,
    Room,
    RoomUnavailable,
    Visitor,
)
from ikone_events.services.rooms.outgoing import MOST_BYTES, call

# A room that nobody has made: a right signature is answered by this reason.
_NOWHERE, _NOT_FOUND = "ikone-events-check", "notFound"
# A person in the list takes 300 bytes or more: 64 kB would end at two hundred people.
_MOST_OF_A_LIST = 1024 * 1024
_WRONG_SECRET = "checksumError"  # noqa: S105 - the name of a fault


@dataclass(frozen=True, slots=True)
class BigBlueButton:
    """A server of BigBlueButton; `report_url` makes the address for its report from a room's key.

    Parameters that announce a meeting's end (`endCallbackUrl`) are not sent: anybody could ask for
    that address, and the worker sees the end within a minute.
    """

    server: str
    secret: str = field(repr=False)
    report_url: Callable[[str], str]

    capabilities = Capabilities(create=True, person_url=True, attendance=True)

    def ensure_room(self, room: Room) -> str:
        """Make the meeting unless it exists; returns its createTime."""
        report_url = self.report_url(room.key)
        parameters = create_parameters(room, secret=self.secret, report_url=report_url)
        answer = self._ask("create", parameters)
        if not answer.succeeded or not answer.session:
            raise _refused(answer)
        return answer.session

    def join_url(self, room: Room, visitor: Visitor, now: datetime) -> str:
        """The address for one visitor of this meeting; the next meeting does not take it."""
        del now
        if not room.session:
            raise RoomUnavailable(Complaint(N_("The video room has not been opened yet.")))
        return signed_address(self.server, "join", join_parameters(room, visitor), self.secret)

    def attendance(self, room: Room) -> Sequence[Presence]:
        """Who is in the meeting now; nobody if it has ended."""
        answer = self._ask("getMeetingInfo", {"meetingID": room.key}, most_bytes=_MOST_OF_A_LIST)
        if answer.succeeded:
            return answer.presences
        if answer.reason == _NOT_FOUND:
            return ()
        raise _refused(answer)

    def end(self, room: Room) -> None:
        """Ask the server to end the meeting; people are sent out a moment later."""
        answer = self._ask("end", {"meetingID": room.key})
        if not answer.succeeded and answer.reason != _NOT_FOUND:
            raise _refused(answer)

    def check(self) -> Sequence[Complaint]:
        """What is wrong with address or secret; makes no room."""
        try:
            answer = self._ask("getMeetingInfo", {"meetingID": _NOWHERE})
        except RoomUnavailable as refusal:
            return refusal.complaints
        return () if answer.reason == _NOT_FOUND else _refused(answer).complaints

    def _ask(
        self, name: str, parameters: Mapping[str, str], *, most_bytes: int = MOST_BYTES
    ) -> BbbAnswer:
        address = signed_address(self.server, name, parameters, self.secret)
        answer = call(address, most_bytes=most_bytes)
        if answer.status != HTTPStatus.OK:
            text = N_("The video server answers with an error (%(status)d).")
            raise RoomUnavailable(Complaint(text, {"status": answer.status}))
        try:
            return read_answer(answer.body)
        except ValueError as fault:
            text = N_("The address does not answer like a BigBlueButton server.")
            raise RoomUnavailable(Complaint(text)) from fault


def _refused(answer: BbbAnswer) -> RoomUnavailable:
    if answer.reason == _WRONG_SECRET:
        return RoomUnavailable(Complaint(N_("The video server does not accept the secret.")))
    text = N_("The video server refuses (%(reason)s).")
    return RoomUnavailable(Complaint(text, {"reason": answer.reason[:60] or "?"}))
