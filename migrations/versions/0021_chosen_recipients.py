"""people whom organisers chose for a message"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'step_recipient',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('step_id', sa.Integer(), nullable=False),
        sa.Column('registration_id', sa.Integer(), nullable=False),
        sa.Column('was_active', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_step_recipient_registration_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['step_id'], ['step.id'], name=op.f('fk_step_recipient_step_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_step_recipient')),
        sa.UniqueConstraint('step_id', 'registration_id', name=op.f('uq_step_recipient_step_id_registration_id')),
    )
    op.create_index(op.f('ix_step_recipient_registration_id'), 'step_recipient', ['registration_id'])


def downgrade():
    op.drop_index(op.f('ix_step_recipient_registration_id'), table_name='step_recipient')
    op.drop_table('step_recipient')
