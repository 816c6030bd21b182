"""attendance from three sources; the room of an event, the way to it and what to bring"""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

MOMENTS = ('door_at', 'joined_at', 'left_at', 'seen_at')
TEXTS = (
    ('room_provider', sa.String(10), 'link'),
    ('room_pin', sa.String(50), ''),
    ('moderator_url', sa.String(2000), ''),
    ('directions', sa.Text(), ''),
    ('bring', sa.Text(), ''),
)


def upgrade():
    op.create_table(
        'attendance',
        sa.Column('registration_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in MOMENTS),
        sa.Column('minutes', sa.Integer(), nullable=True),
        sa.Column('provider_user', sa.String(length=100), nullable=False, server_default=''),
        sa.Column('stated', sa.String(length=10), nullable=False, server_default=''),
        sa.Column('stated_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('stated_by', sa.String(length=200), nullable=False, server_default=''),
        sa.CheckConstraint("stated IN ('', 'attended', 'missed')", name=op.f('ck_attendance_stated')),
        sa.CheckConstraint('minutes IS NULL OR minutes >= 0', name=op.f('ck_attendance_minutes')),
        sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_attendance_registration_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_attendance_event_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('registration_id', name=op.f('pk_attendance')),
    )
    op.create_index(op.f('ix_attendance_event_id'), 'attendance', ['event_id'])
    with op.batch_alter_table('event', schema=None) as batch_op:
        for name, kind, default in TEXTS:
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        batch_op.add_column(
            sa.Column('attendance_incomplete', sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade():
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_column('attendance_incomplete')
        for name, _kind, _default in reversed(TEXTS):
            batch_op.drop_column(name)
    op.drop_index(op.f('ix_attendance_event_id'), table_name='attendance')
    op.drop_table('attendance')
