"""counters of rate limits that several processes share"""

import sqlalchemy as sa
from alembic import op

from ikone_events.store.db import UTCDateTime

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade():
    # Counters may be lost in a crash; without a log, counting waits for no disk.
    unlogged = ['UNLOGGED'] if op.get_bind().dialect.name == 'postgresql' else []
    op.create_table(
        'rate_limit_counter',
        sa.Column('key', sa.String(length=64), nullable=False),
        sa.Column('hits', sa.Integer(), nullable=False),
        sa.Column('ends_at', UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_rate_limit_counter')),
        prefixes=unlogged,
    )


def downgrade():
    op.drop_table('rate_limit_counter')
