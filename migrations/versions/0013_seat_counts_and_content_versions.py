"""counters of seats, versions of contents, the order of the waiting list

The triggers that keep them are created after every run of migrations (env.py).
"""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'seat_count',
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('mode', sa.String(length=10), nullable=False),
        sa.Column('seated', sa.Integer(), nullable=False),
        sa.Column('waiting', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ['event_id'], ['event.id'], name=op.f('fk_seat_count_event_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('event_id', 'mode', name=op.f('pk_seat_count')),
    )
    op.create_table(
        'shared_content',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('version', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_shared_content')),
    )
    op.add_column(
        'event', sa.Column('content_version', sa.BigInteger(), nullable=False, server_default='1')
    )
    # People from a file come first; without a number an index would not order them.
    op.execute(
        "UPDATE registration SET waiting_order = 0"
        " WHERE status = 'waitlisted' AND waiting_order IS NULL"
    )
    waiting = sa.text("status = 'waitlisted'")
    op.create_index(
        'ix_registration_waiting',
        'registration',
        ['event_id', 'waiting_order', 'id'],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def downgrade():
    op.drop_index('ix_registration_waiting', table_name='registration')
    op.drop_column('event', 'content_version')
    op.drop_table('shared_content')
    op.drop_table('seat_count')
