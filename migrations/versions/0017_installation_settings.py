"""settings made in the browser, a reading of the mailbox that somebody waits for"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

OLD = 'The contact for data protection is missing. Whoever runs the server can enter it.'
NEW = 'The contact for data protection is missing. An administrator can enter it in the settings.'


def upgrade():
    op.create_table(
        'installation_settings',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('organisation', sa.String(length=100), server_default='', nullable=False),
        sa.Column('accent', sa.String(length=7), server_default='', nullable=False),
        sa.Column('address', sa.String(length=200), server_default='', nullable=False),
        sa.Column('privacy_contact', sa.String(length=200), server_default='', nullable=False),
        sa.Column('logo', sa.LargeBinary(), nullable=True),
        sa.Column('logo_type', sa.String(length=20), server_default='', nullable=False),
        sa.Column('logo_digest', sa.String(length=64), server_default='', nullable=False),
        sa.Column('logo_width', sa.Integer(), server_default='0', nullable=False),
        sa.Column('logo_height', sa.Integer(), server_default='0', nullable=False),
        sa.Column('edit_version', sa.Integer(), server_default='0', nullable=False),
        sa.Column('setup_closed_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_installation_settings')),
    )
    with op.batch_alter_table('mailbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True))
    _replace(OLD, NEW)


def downgrade():
    _replace(NEW, OLD)
    with op.batch_alter_table('mailbox', schema=None) as batch_op:
        batch_op.drop_column('asked_at')
    op.drop_table('installation_settings')


def _replace(old, new):
    """Blocked steps keep the message ids of their reasons, in JSON."""
    reasons = sa.column('reasons')
    op.execute(
        sa.table('step', reasons)
        .update()
        .where(reasons.contains(old, autoescape=True))
        .values(reasons=sa.func.replace(reasons, old, new))
    )
