"""the way to an event and what to bring, as former versions told them"""

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

TEXTS = ('directions', 'bring')


def upgrade():
    with op.batch_alter_table('event_version', schema=None) as batch_op:
        for name in TEXTS:
            batch_op.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=''))


def downgrade():
    with op.batch_alter_table('event_version', schema=None) as batch_op:
        for name in reversed(TEXTS):
            batch_op.drop_column(name)
