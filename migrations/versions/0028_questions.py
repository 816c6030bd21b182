"""questions to the speakers: the office's order and answers, and new ones while an event runs

Questions of registration forms stay in registration.question; nothing is moved.
"""

import sqlalchemy as sa
from alembic import op

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

OF_FORM = sa.text("source = 'form'")


def upgrade():
    op.create_table(
        'question',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('public_id', sa.String(length=32), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('registration_id', sa.Integer(), nullable=False),
        sa.Column('source', sa.String(length=10), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('place', sa.Integer(), nullable=True),
        sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('answered_by', sa.String(length=200), nullable=False),
        sa.Column('answer', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.CheckConstraint("source IN ('form', 'live')", name=op.f('ck_question_source')),
        sa.CheckConstraint("(source = 'form') = (text = '')", name=op.f('ck_question_text')),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_question_event_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_question_registration_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_question')),
        sa.UniqueConstraint('public_id', name=op.f('uq_question_public_id')),
    )
    op.create_index(op.f('ix_question_event_id'), 'question', ['event_id'])
    op.create_index(op.f('ix_question_registration_id'), 'question', ['registration_id'])
    op.create_index(
        'uq_question_of_form', 'question', ['registration_id'], unique=True, sqlite_where=OF_FORM, postgresql_where=OF_FORM
    )


def downgrade():
    op.drop_index('uq_question_of_form', table_name='question', sqlite_where=OF_FORM, postgresql_where=OF_FORM)
    op.drop_index(op.f('ix_question_registration_id'), table_name='question')
    op.drop_index(op.f('ix_question_event_id'), table_name='question')
    op.drop_table('question')
