"""records of retention, and who is not to come back from a backup"""

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'retention_record',
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('content', sa.Text(), nullable=False),
        sa.Column('hash', sa.String(length=64), nullable=False),
        sa.Column('signature', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_retention_record')),
    )
    op.create_table(
        'forgotten_person',
        sa.Column('id_hash', sa.String(length=64), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint('id_hash', name=op.f('pk_forgotten_person')),
    )


def downgrade():
    op.drop_table('forgotten_person')
    op.drop_table('retention_record')
