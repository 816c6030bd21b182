"""meetings that providers made for events, how they are watched, seconds of attendance"""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'room_session',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('session', sa.String(length=40), nullable=False),
        sa.Column('provider', sa.String(length=10), nullable=False),
        sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('known_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('used', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('report', sa.Text(), nullable=False, server_default=''),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_room_session_event_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_room_session')),
        sa.UniqueConstraint('event_id', 'session', name=op.f('uq_room_session_event_id_session')),
    )
    op.create_table(
        'room_watch',
        sa.Column('event_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('room_key', sa.String(length=64), nullable=False),
        sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('looked_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('failed_since', sa.DateTime(timezone=True), nullable=True),
        sa.Column('unseen_seconds', sa.Integer(), nullable=False, server_default='0'),
        sa.Column('closed', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_room_watch_event_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('event_id', name=op.f('pk_room_watch')),
        sa.UniqueConstraint('room_key', name=op.f('uq_room_watch_room_key')),
    )
    with op.batch_alter_table('attendance', schema=None) as batch_op:
        batch_op.add_column(sa.Column('seconds', sa.Integer(), nullable=True))


def downgrade():
    with op.batch_alter_table('attendance', schema=None) as batch_op:
        batch_op.drop_column('seconds')
    op.drop_table('room_watch')
    op.drop_table('room_session')
