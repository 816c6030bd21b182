"""what mails say about a change of the date"""

import sqlalchemy as sa
from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('event', sa.Column('update_reason', sa.Text(), nullable=False, server_default=''))


def downgrade():
    op.drop_column('event', 'update_reason')
