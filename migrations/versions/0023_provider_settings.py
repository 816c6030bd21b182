"""what administrators enter about providers of video rooms; secrets are sealed"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'provider_settings',
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('url', sa.String(length=500), server_default='', nullable=False),
        sa.Column('app_id', sa.String(length=200), server_default='', nullable=False),
        sa.Column('secret', sa.Text(), server_default='', nullable=False),
        sa.Column('edit_version', sa.Integer(), server_default='0', nullable=False),
        sa.PrimaryKeyConstraint('kind', name=op.f('pk_provider_settings')),
    )


def downgrade():
    op.drop_table('provider_settings')
