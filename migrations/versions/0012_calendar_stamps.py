"""DTSTAMP of calendar entries, version of events in public calendars"""

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('outbox_mail', sa.Column('calendar_stamp', sa.DateTime(timezone=True), nullable=True))
    op.add_column('registration', sa.Column('calendar_stamp', sa.DateTime(timezone=True), nullable=True))
    op.add_column('event', sa.Column('public_version', sa.Integer(), nullable=False, server_default='1'))
    op.add_column('event', sa.Column('public_changed_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE outbox_mail SET calendar_stamp = created_at WHERE calendar_uid <> ''")
    op.execute(
        'UPDATE registration SET calendar_stamp = (SELECT max(outbox_mail.calendar_stamp)'
        ' FROM outbox_mail WHERE outbox_mail.calendar_uid = registration.calendar_uid'
        " AND outbox_mail.calendar_uid <> '')"
    )
    # Feeds have shown twice the number of edits, and one more for a cancelled or postponed event.
    op.execute(
        'UPDATE event SET public_changed_at = changed_at, public_version = 2 * edit_version'
        " + CASE WHEN state IN ('cancelled', 'postponed') THEN 1 ELSE 0 END"
    )


def downgrade():
    op.drop_column('event', 'public_changed_at')
    op.drop_column('event', 'public_version')
    op.drop_column('registration', 'calendar_stamp')
    op.drop_column('outbox_mail', 'calendar_stamp')
