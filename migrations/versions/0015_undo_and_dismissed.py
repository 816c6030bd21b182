"""mailings that wait and can be undone, dismissed entries of the to-do list"""

import sqlalchemy as sa
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('mailing', schema=None) as batch_op:
        batch_op.add_column(sa.Column('state_change_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('due_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f('fk_mailing_state_change_id'),
            'state_change',
            ['state_change_id'],
            ['id'],
            ondelete='SET NULL',
        )
    op.create_table(
        'dismissed_todo',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('fact', sa.String(length=64), nullable=False),
        sa.Column('dismissed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('dismissed_by', sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_dismissed_todo_event_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_dismissed_todo')),
        sa.UniqueConstraint('event_id', 'name', name=op.f('uq_dismissed_todo_event_id_name')),
    )


def downgrade():
    op.drop_table('dismissed_todo')
    with op.batch_alter_table('mailing', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_mailing_state_change_id'), type_='foreignkey')
        batch_op.drop_column('due_at')
        batch_op.drop_column('state_change_id')
