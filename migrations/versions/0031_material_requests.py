"""requests for materials by people without a registration"""

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'material_request',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('public_id', sa.String(length=32), nullable=False),
        sa.Column('link_epoch', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('email_key', sa.String(length=254), nullable=False),
        sa.Column('organisation_text', sa.String(length=200), nullable=False),
        sa.Column('locale', sa.String(length=2), nullable=False),
        sa.Column('thread_id', sa.String(length=200), nullable=False),
        sa.Column('asked_on', sa.Date(), nullable=False),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('decided_by', sa.String(length=200), nullable=False),
        sa.Column('granted_until', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'granted', 'refused')", name=op.f('ck_material_request_state')),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_material_request_event_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_material_request')),
        sa.UniqueConstraint('event_id', 'email_key', name=op.f('uq_material_request_event_id_email_key')),
        sa.UniqueConstraint('public_id', name=op.f('uq_material_request_public_id')),
    )
    op.create_index(op.f('ix_material_request_email_key'), 'material_request', ['email_key'])
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('grants_materials', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade():
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_column('grants_materials')
    op.drop_index(op.f('ix_material_request_email_key'), table_name='material_request')
    op.drop_table('material_request')
