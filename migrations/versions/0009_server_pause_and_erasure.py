"""pauses of the mail server, trouble of a worker, owed erasures"""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('heartbeat', schema=None) as batch_op:
        batch_op.add_column(sa.Column('refusals', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('retry_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('trouble', sa.Text(), nullable=False, server_default=''))
    op.create_table(
        'erasure_debt',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_erasure_debt')),
    )


def downgrade():
    op.drop_table('erasure_debt')
    with op.batch_alter_table('heartbeat', schema=None) as batch_op:
        batch_op.drop_column('trouble')
        batch_op.drop_column('retry_at')
        batch_op.drop_column('refusals')
