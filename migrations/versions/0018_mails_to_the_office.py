"""mails to the office: chosen per account, alarms, lists of registrations; a private calendar"""

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

CHOICES = ('alarm_mails', 'digest_mails', 'registration_mails')
DAYS = ('digest_day', 'listed_day')


def upgrade():
    with op.batch_alter_table('organiser', schema=None) as batch_op:
        for name in CHOICES:
            batch_op.add_column(sa.Column(name, sa.Boolean(), nullable=True))
        for name in DAYS:
            batch_op.add_column(sa.Column(name, sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column('has_calendar', sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column('calendar_epoch', sa.Integer(), server_default='0', nullable=False)
        )
    op.create_table(
        'office_alarm',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=60), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=True),
        sa.Column('raised_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_office_alarm_event_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_office_alarm')),
        sa.UniqueConstraint('key', name=op.f('uq_office_alarm_key')),
    )
    op.create_index(op.f('ix_office_alarm_event_id'), 'office_alarm', ['event_id'])
    op.create_table(
        'listing_progress',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('organiser_id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('last_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_listing_progress_event_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['organiser_id'], ['organiser.id'], name=op.f('fk_listing_progress_organiser_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_listing_progress')),
        sa.UniqueConstraint('organiser_id', 'event_id', name=op.f('uq_listing_progress_organiser_id_event_id')),
    )
    op.create_index(op.f('ix_listing_progress_event_id'), 'listing_progress', ['event_id'])


def downgrade():
    op.drop_index(op.f('ix_listing_progress_event_id'), table_name='listing_progress')
    op.drop_table('listing_progress')
    op.drop_index(op.f('ix_office_alarm_event_id'), table_name='office_alarm')
    op.drop_table('office_alarm')
    with op.batch_alter_table('organiser', schema=None) as batch_op:
        for name in ('calendar_epoch', 'has_calendar', *DAYS, *CHOICES):
            batch_op.drop_column(name)
