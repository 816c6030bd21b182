"""follow-up to waiting people, supplements to the follow-up, answers that are sent and published

Events from before write to those whom they wrote to before; released materials of events that were
followed up count as mailed.
"""

import sqlalchemy as sa
from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('follow_up_to_waiting', sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table('material', schema=None) as batch_op:
        batch_op.add_column(sa.Column('mailed_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE material SET mailed_at = created_at"
        " WHERE released AND event_id IN (SELECT id FROM event WHERE state IN ('followed_up', 'archived'))"
    )
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.add_column(sa.Column('wants_supplement', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        'published_answer',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('public_id', sa.String(length=32), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('question', sa.Text(), nullable=False),
        sa.Column('answer', sa.Text(), nullable=False),
        sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_published_answer_event_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_published_answer')),
        sa.UniqueConstraint('public_id', name=op.f('uq_published_answer_public_id')),
    )
    op.create_index(op.f('ix_published_answer_event_id'), 'published_answer', ['event_id'])
    with op.batch_alter_table('question', schema=None) as batch_op:
        batch_op.add_column(sa.Column('published_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('sent_version', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('sent_count', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            op.f('fk_question_published_id'), 'published_answer', ['published_id'], ['id'], ondelete='SET NULL'
        )
        batch_op.create_index(op.f('ix_question_published_id'), ['published_id'])


def downgrade():
    with op.batch_alter_table('question', schema=None) as batch_op:
        batch_op.drop_index(op.f('ix_question_published_id'))
        batch_op.drop_constraint(op.f('fk_question_published_id'), type_='foreignkey')
        batch_op.drop_column('sent_at')
        batch_op.drop_column('sent_count')
        batch_op.drop_column('sent_version')
        batch_op.drop_column('published_id')
    op.execute("DELETE FROM material WHERE kind = 'answers'")
    op.drop_index(op.f('ix_published_answer_event_id'), table_name='published_answer')
    op.drop_table('published_answer')
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_column('wants_supplement')
    with op.batch_alter_table('material', schema=None) as batch_op:
        batch_op.drop_column('mailed_at')
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_column('follow_up_to_waiting')
