"""steps, texts, subscribers"""

import sqlalchemy as sa
from alembic import op
import flask_security.datastore
import ikone_events.store.db


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('hold',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('since', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hold'))
    )
    op.create_table('pace',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('next_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pace'))
    )
    op.create_table('mail_text',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('scope', sa.String(length=220), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('locale', sa.String(length=2), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('changed_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_mail_text_event_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail_text')),
    sa.UniqueConstraint('scope', 'kind', 'locale', name=op.f('uq_mail_text_scope_kind_locale'))
    )
    with op.batch_alter_table('mail_text', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mail_text_event_id'), ['event_id'], unique=False)

    op.create_table('step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('audience', sa.String(length=30), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('anchor', sa.String(length=12), nullable=False),
    sa.Column('amount', sa.Integer(), nullable=False),
    sa.Column('unit', sa.String(length=12), nullable=False),
    sa.Column('at', sa.String(length=5), nullable=False),
    sa.Column('office_hours', sa.Boolean(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('due_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('outcome_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('actor', sa.String(length=200), nullable=False),
    sa.Column('reasons', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_step_event_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_step_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_step')),
    sa.UniqueConstraint('event_id', 'name', name=op.f('uq_step_event_id_name'))
    )
    with op.batch_alter_table('step', schema=None) as batch_op:
        batch_op.create_index('ix_step_due', ['due_at'], unique=False, sqlite_where=sa.text("outcome = '' AND active = 1"), postgresql_where=sa.text("outcome = '' AND active"))

    op.create_table('subscriber',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('link_epoch', sa.Integer(), nullable=False),
    sa.Column('topic', sa.String(length=40), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('email_key', sa.String(length=254), nullable=False),
    sa.Column('locale', sa.String(length=2), nullable=False),
    sa.Column('created_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_subscriber_event_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriber')),
    sa.UniqueConstraint('email_key', 'topic', name=op.f('uq_subscriber_email_key_topic')),
    sa.UniqueConstraint('public_id', name=op.f('uq_subscriber_public_id'))
    )
    with op.batch_alter_table('subscriber', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscriber_event_id'), ['event_id'], unique=False)

    op.create_table('delivery_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('letter_id', sa.Integer(), nullable=False),
    sa.Column('at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('what', sa.String(length=12), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('actor', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['letter_id'], ['outbox_mail.id'], name=op.f('fk_delivery_note_letter_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_note'))
    )
    with op.batch_alter_table('delivery_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delivery_note_letter_id'), ['letter_id'], unique=False)

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('plan', sa.String(length=20), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('seats_kept', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('feedback_url', sa.String(length=2000), nullable=False, server_default=''))

    with op.batch_alter_table('heartbeat', schema=None) as batch_op:
        batch_op.add_column(sa.Column('refused_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('refusal', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('mailing', schema=None) as batch_op:
        batch_op.alter_column('last_registration_id', new_column_name='last_id')
        batch_op.add_column(sa.Column('step_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('organisation_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('texts', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('started_by', sa.String(length=200), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('stopped_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('stopped_by', sa.String(length=200), nullable=False, server_default=''))
        batch_op.create_foreign_key(batch_op.f('fk_mailing_organisation_id'), 'organisation', ['organisation_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_mailing_step_id'), 'step', ['step_id'], ['id'], ondelete='SET NULL')

    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('subscriber_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('unsubscribe', sa.String(length=500), nullable=False, server_default=''))
        batch_op.alter_column('event_id',
               existing_type=sa.INTEGER(),
               nullable=True)
        batch_op.create_index(batch_op.f('ix_outbox_mail_subscriber_id'), ['subscriber_id'], unique=False)
        batch_op.create_index('ix_outbox_mail_mailing_id_due_at', ['mailing_id', 'due_at'], unique=False, sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
        batch_op.create_unique_constraint(batch_op.f('uq_outbox_mail_mailing_id_subscriber_id'), ['mailing_id', 'subscriber_id'])
        batch_op.create_foreign_key(batch_op.f('fk_outbox_mail_subscriber_id'), 'subscriber', ['subscriber_id'], ['id'], ondelete='CASCADE')

    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.add_column(sa.Column('partstat', sa.String(length=12), nullable=False, server_default=''))


def downgrade():
    # An older program knows neither letters without an event nor stopped ones.
    op.execute("DELETE FROM outbox_mail WHERE event_id IS NULL OR subscriber_id IS NOT NULL")
    op.execute("UPDATE outbox_mail SET state = 'failed' WHERE state = 'stopped'")
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_column('partstat')

    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_outbox_mail_subscriber_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_outbox_mail_mailing_id_subscriber_id'), type_='unique')
        batch_op.drop_index(batch_op.f('ix_outbox_mail_subscriber_id'))
        batch_op.drop_index('ix_outbox_mail_mailing_id_due_at', sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
        batch_op.alter_column('event_id',
               existing_type=sa.INTEGER(),
               nullable=False)
        batch_op.drop_column('unsubscribe')
        batch_op.drop_column('subscriber_id')

    with op.batch_alter_table('mailing', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_mailing_step_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_mailing_organisation_id'), type_='foreignkey')
        batch_op.drop_column('stopped_by')
        batch_op.drop_column('stopped_at')
        batch_op.drop_column('started_by')
        batch_op.drop_column('texts')
        batch_op.drop_column('organisation_id')
        batch_op.drop_column('step_id')
        batch_op.alter_column('last_id', new_column_name='last_registration_id')

    with op.batch_alter_table('heartbeat', schema=None) as batch_op:
        batch_op.drop_column('refusal')
        batch_op.drop_column('refused_at')

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_column('feedback_url')
        batch_op.drop_column('seats_kept')
        batch_op.drop_column('plan')

    with op.batch_alter_table('delivery_note', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_note_letter_id'))

    op.drop_table('delivery_note')
    with op.batch_alter_table('subscriber', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscriber_event_id'))

    op.drop_table('subscriber')
    with op.batch_alter_table('step', schema=None) as batch_op:
        batch_op.drop_index('ix_step_due', sqlite_where=sa.text("outcome = '' AND active = 1"), postgresql_where=sa.text("outcome = '' AND active"))

    op.drop_table('step')
    with op.batch_alter_table('mail_text', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mail_text_event_id'))

    op.drop_table('mail_text')
    op.drop_table('pace')
    op.drop_table('hold')
