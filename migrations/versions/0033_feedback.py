"""feedback, whose answers nobody can connect with a person

The answers have no number of their own and no moment; SQLite keeps them in the order of their random keys.
"""

import sqlalchemy as sa
from alembic import op

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('form_field') as batch:
        batch.add_column(sa.Column('form', sa.String(length=12), nullable=False, server_default='registration'))
    op.create_table(
        'feedback_done',
        sa.Column('registration_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_feedback_done_registration_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('registration_id', name=op.f('pk_feedback_done')),
    )
    op.create_table(
        'feedback_answer',
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('entry', sa.String(length=32), nullable=False),
        sa.Column('field_id', sa.Integer(), nullable=False),
        sa.Column('place', sa.Integer(), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_feedback_answer_event_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['field_id'], ['form_field.id'], name=op.f('fk_feedback_answer_field_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('event_id', 'entry', 'field_id', 'place', name=op.f('pk_feedback_answer')),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f('ix_feedback_answer_field_id'), 'feedback_answer', ['field_id'])


def downgrade():
    op.drop_index(op.f('ix_feedback_answer_field_id'), table_name='feedback_answer')
    op.drop_table('feedback_answer')
    op.drop_table('feedback_done')
    op.execute("DELETE FROM form_field WHERE form = 'feedback'")
    with op.batch_alter_table('form_field') as batch:
        batch.drop_column('form')
