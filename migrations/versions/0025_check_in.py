"""presses at the entrance, each once by its key"""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'check_in_press',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('registration_id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=36), nullable=False),
        sa.Column('kind', sa.String(length=4), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by_name', sa.String(length=200), nullable=False),
        sa.CheckConstraint("kind IN ('in', 'undo')", name=op.f('ck_check_in_press_kind')),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_check_in_press_event_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_check_in_press_registration_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_check_in_press')),
        sa.UniqueConstraint('event_id', 'key', name=op.f('uq_check_in_press_event_id_key')),
    )
    op.create_index(op.f('ix_check_in_press_registration_id'), 'check_in_press', ['registration_id'])


def downgrade():
    op.drop_index(op.f('ix_check_in_press_registration_id'), table_name='check_in_press')
    op.drop_table('check_in_press')
