"""materials: order, description, language, who may see them from when, and the scan of files"""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

NAMES = ('availability', 'available_at', 'position', 'description', 'language', 'scan')


def added():
    """Until now everything was handed out with the follow-up, in the order of its addition."""
    return (
        sa.Column('availability', sa.String(length=10), server_default='follow_up', nullable=False),
        sa.Column('available_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('position', sa.Integer(), server_default='0', nullable=False),
        sa.Column('description', sa.Text(), server_default='', nullable=False),
        sa.Column('language', sa.String(length=10), server_default='', nullable=False),
        sa.Column('scan', sa.String(length=10), server_default='', nullable=False),
    )


def upgrade():
    with op.batch_alter_table('material', schema=None) as batch_op:
        for column in added():
            batch_op.add_column(column)
    op.create_table(
        'material_release',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('material_id', sa.Integer(), nullable=False),
        sa.Column('registration_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['material_id'], ['material.id'], name=op.f('fk_material_release_material_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_material_release_registration_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_material_release')),
        sa.UniqueConstraint('material_id', 'registration_id', name=op.f('uq_material_release_material_id_registration_id')),
    )
    op.create_index(op.f('ix_material_release_registration_id'), 'material_release', ['registration_id'])


def downgrade():
    op.drop_index(op.f('ix_material_release_registration_id'), table_name='material_release')
    op.drop_table('material_release')
    with op.batch_alter_table('material', schema=None) as batch_op:
        for name in reversed(NAMES):
            batch_op.drop_column(name)
