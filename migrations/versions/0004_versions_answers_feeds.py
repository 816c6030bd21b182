"""answers, versions, feeds"""

import sqlalchemy as sa
from alembic import op
import flask_security.datastore
import ikone_events.store.db


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('dead_address',
    sa.Column('email_key', sa.String(length=254), nullable=False),
    sa.Column('since', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('email_key', name=op.f('pk_dead_address'))
    )
    op.create_table('mailbox',
    sa.Column('name', sa.String(length=250), nullable=False),
    sa.Column('uidvalidity', sa.BigInteger(), nullable=False),
    sa.Column('last_uid', sa.BigInteger(), nullable=False),
    sa.Column('lease_until', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('read_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('failed_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('failure', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_mailbox'))
    )
    op.create_table('personal_feed',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('link_epoch', sa.Integer(), nullable=False),
    sa.Column('email_key', sa.String(length=254), nullable=False),
    sa.Column('created_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_personal_feed')),
    sa.UniqueConstraint('email_key', name=op.f('uq_personal_feed_email_key')),
    sa.UniqueConstraint('public_id', name=op.f('uq_personal_feed_public_id'))
    )
    op.create_table('former_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('title_en', sa.String(length=200), nullable=False),
    sa.Column('starts_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('ends_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('zone', sa.String(length=60), nullable=False),
    sa.Column('format', sa.String(length=10), nullable=False),
    sa.Column('place', sa.String(length=500), nullable=False),
    sa.Column('room_url', sa.String(length=2000), nullable=False),
    sa.Column('dial_in', sa.String(length=200), nullable=False),
    sa.Column('until', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_former_version_event_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_former_version')),
    sa.UniqueConstraint('event_id', 'number', name=op.f('uq_former_version_event_id_number'))
    )
    op.create_table('incoming_mail',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=True),
    sa.Column('registration_id', sa.Integer(), nullable=True),
    sa.Column('letter_id', sa.Integer(), nullable=True),
    sa.Column('message_id', sa.String(length=250), nullable=False),
    sa.Column('sender', sa.String(length=254), nullable=False),
    sa.Column('attendee', sa.String(length=254), nullable=False),
    sa.Column('partstat', sa.String(length=14), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=True),
    sa.Column('stamp', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('proposed_starts_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('proposed_ends_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('authenticated', sa.Boolean(), nullable=False),
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('permanent', sa.Boolean(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('received_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('seen_by', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_incoming_mail_event_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['letter_id'], ['outbox_mail.id'], name=op.f('fk_incoming_mail_letter_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_incoming_mail_registration_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incoming_mail')),
    sa.UniqueConstraint('digest', name=op.f('uq_incoming_mail_digest'))
    )
    with op.batch_alter_table('incoming_mail', schema=None) as batch_op:
        batch_op.create_index('ix_incoming_mail_event_id_id', ['event_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_incoming_mail_letter_id'), ['letter_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_incoming_mail_registration_id'), ['registration_id'], unique=False)

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('update_due_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('update_since', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('update_by', sa.String(length=200), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('decline_frees', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index(batch_op.f('ix_event_update_due_at'), ['update_due_at'], unique=False)

    with op.batch_alter_table('mailing', schema=None) as batch_op:
        batch_op.add_column(sa.Column('only_changed', sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('calendar_uid', sa.String(length=100), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('calendar_sequence', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('event_version', sa.Integer(), nullable=True))
        batch_op.create_index('ix_outbox_mail_calendar_uid', ['calendar_uid'], unique=False, sqlite_where=sa.text("calendar_uid <> ''"), postgresql_where=sa.text("calendar_uid <> ''"))
        batch_op.create_index('ix_outbox_mail_message_id', ['message_id'], unique=False)

    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.add_column(sa.Column('calendar_method', sa.String(length=10), nullable=False, server_default=''))
        batch_op.create_index('ix_registration_email_key', ['email_key'], unique=False)

    # Existing mails tell which method the last calendar object had; loaded people have none.
    op.execute(
        "UPDATE outbox_mail SET calendar_uid = coalesce((SELECT calendar_uid FROM registration "
        "WHERE registration.id = outbox_mail.registration_id), '') WHERE calendar IS NOT NULL"
    )
    op.execute(
        "UPDATE registration SET calendar_method = coalesce((SELECT o.calendar_method "
        "FROM outbox_mail o WHERE o.registration_id = registration.id AND o.calendar IS NOT NULL "
        "ORDER BY o.id DESC LIMIT 1), CASE WHEN status = 'cancelled' THEN 'CANCEL' "
        "ELSE 'REQUEST' END) WHERE calendar_sequence IS NOT NULL"
    )


def downgrade():
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_index('ix_registration_email_key')
        batch_op.drop_column('calendar_method')

    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_mail_message_id')
        batch_op.drop_index('ix_outbox_mail_calendar_uid', sqlite_where=sa.text("calendar_uid <> ''"), postgresql_where=sa.text("calendar_uid <> ''"))
        batch_op.drop_column('event_version')
        batch_op.drop_column('calendar_sequence')
        batch_op.drop_column('calendar_uid')

    with op.batch_alter_table('mailing', schema=None) as batch_op:
        batch_op.drop_column('only_changed')

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_event_update_due_at'))
        batch_op.drop_column('decline_frees')
        batch_op.drop_column('update_by')
        batch_op.drop_column('update_since')
        batch_op.drop_column('update_due_at')
        batch_op.drop_column('version')

    with op.batch_alter_table('incoming_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incoming_mail_registration_id'))
        batch_op.drop_index(batch_op.f('ix_incoming_mail_letter_id'))
        batch_op.drop_index('ix_incoming_mail_event_id_id')

    op.drop_table('incoming_mail')
    op.drop_table('former_version')
    op.drop_table('personal_feed')
    op.drop_table('mailbox')
    op.drop_table('dead_address')
