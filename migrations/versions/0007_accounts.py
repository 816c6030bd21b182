"""accounts: last login, version of the access, language only where chosen"""

import sqlalchemy as sa
from alembic import op
import ikone_events.store.db


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('organiser', sa.Column(
        'signed_in_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True
    ))
    op.add_column('organiser', sa.Column(
        'access_version', sa.Integer(), server_default='1', nullable=False
    ))
    # Nobody could choose one before.
    op.execute("UPDATE organiser SET locale = ''")


def downgrade():
    op.execute("UPDATE organiser SET locale = 'de' WHERE locale = ''")
    op.drop_column('organiser', 'access_version')
    op.drop_column('organiser', 'signed_in_at')
