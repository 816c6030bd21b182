"""which links a mail contains"""

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('outbox_mail', sa.Column('link_epoch', sa.Integer(), nullable=True))
    # Until now a link was only replaced when its person was anonymised.
    op.execute(
        'UPDATE outbox_mail SET link_epoch = (SELECT registration.link_epoch FROM registration'
        ' WHERE registration.id = outbox_mail.registration_id)'
    )


def downgrade():
    op.drop_column('outbox_mail', 'link_epoch')
