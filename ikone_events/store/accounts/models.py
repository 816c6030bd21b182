"""Tables of organisers, their roles and their events."""

from datetime import date, datetime

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.hidden_import import hidden
from ikone_events.store.db import Base, UTCDateTime

with hidden("cryptography"):  # passlib encrypts secrets of second factors by it: 7 MB, unused here
    from flask_security.models import sqla as security_models

security_models.FsModels.set_db_info(  # type: ignore[no-untyped-call]  # not annotated there
    base_model=Base, user_table_name="organiser", role_table_name="role"
)


class Role(Base, security_models.FsRoleMixin):
    """admin, organiser, viewer or door; web/shell/access.py has the permissions."""

    __tablename__ = "role"

    # Flask-Security's mixin expects a class called User.
    users: Mapped[list["Organiser"]] = relationship(secondary="roles_users", back_populates="roles")


class Organiser(Base, security_models.FsUserMixin):
    """A user account; without `sees_all` it is limited to assigned events.

    `access_version` rises with each change of password, role, events or activity: mailed links and
    open forms of an older version are not valid any more. `locale` is empty until chosen,
    `password` is None until an invited person sets one. `signed_in_at` is the last login.

    `alarm_mails`, `digest_mails` and `registration_mails` are the mails of domain/office/mails.py
    that the person has chosen, None without a choice. `digest_day` and `listed_day` are the last
    mornings (local days) on which a digest and a list of registrations were due and settled, also
    without a mail. `calendar_epoch` rises with each address of the private calendar; only the last
    one works, and none while `has_calendar` is false.
    """

    __tablename__ = "organiser"

    name: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str] = mapped_column(String(2), default="")
    sees_all: Mapped[bool] = mapped_column(default=True)
    signed_up_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    access_version: Mapped[int] = mapped_column(default=1, server_default="1")
    alarm_mails: Mapped[bool | None]
    digest_mails: Mapped[bool | None]
    registration_mails: Mapped[bool | None]
    digest_day: Mapped[date | None] = mapped_column(Date)
    listed_day: Mapped[date | None] = mapped_column(Date)
    has_calendar: Mapped[bool] = mapped_column(default=False, server_default=false())
    calendar_epoch: Mapped[int] = mapped_column(default=0, server_default="0")

    roles: Mapped[list[Role]] = relationship(secondary="roles_users", back_populates="users")

    @property
    def role(self) -> str:
        """The name of the account's role; accounts have one."""
        return self.roles[0].name if self.roles else ""

    @property
    def shown_name(self) -> str:
        """The name, or the address."""
        return self.name or self.email


assignment = Table(
    "assignment",
    Base.metadata,
    Column(
        "organiser_id", Integer, ForeignKey("organiser.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("event_id", Integer, ForeignKey("event.id", ondelete="CASCADE"), primary_key=True),
)
