"""standing sign-ups to a series, the dates they were applied to, and the settings of a series"""

import sqlalchemy as sa
from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None

TEXTS = (
    ('salutation', 10), ('title', 50), ('first_name', 100), ('last_name', 100), ('email', 254), ('email_key', 254),
    ('organisation_text', 200), ('position', 200),
)


def upgrade():
    op.create_table(
        'series_settings',
        sa.Column('slug', sa.String(length=100), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('text_en', sa.Text(), nullable=False),
        sa.Column('rhythm', sa.String(length=12), nullable=False),
        sa.Column('standing', sa.Boolean(), nullable=False),
        sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('changed_by', sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint('slug', name=op.f('pk_series_settings')),
    )
    op.create_table(
        'standing_sign_up',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('public_id', sa.String(length=32), nullable=False),
        sa.Column('link_epoch', sa.Integer(), nullable=False),
        sa.Column('series_slug', sa.String(length=100), nullable=False),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in TEXTS),
        sa.Column('search_key', sa.Text(), nullable=False),
        sa.Column('locale', sa.String(length=2), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('attended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('entered_by', sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_standing_sign_up')),
        sa.UniqueConstraint('public_id', name=op.f('uq_standing_sign_up_public_id')),
        sa.UniqueConstraint('series_slug', 'email_key', name=op.f('uq_standing_sign_up_series_slug_email_key')),
    )
    op.create_index(op.f('ix_standing_sign_up_email_key'), 'standing_sign_up', ['email_key'])
    op.create_table(
        'standing_date',
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('standing_id', sa.Integer(), nullable=False),
        sa.Column('applied_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_standing_date_event_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['standing_id'], ['standing_sign_up.id'], name=op.f('fk_standing_date_standing_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('event_id', 'standing_id', name=op.f('pk_standing_date')),
    )
    op.create_index(op.f('ix_standing_date_standing_id'), 'standing_date', ['standing_id'])
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.add_column(sa.Column('standing_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f('fk_registration_standing_id'), 'standing_sign_up', ['standing_id'], ['id'], ondelete='SET NULL'
        )
        batch_op.create_index(op.f('ix_registration_standing_id'), ['standing_id'])


def downgrade():
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_index(op.f('ix_registration_standing_id'))
        batch_op.drop_constraint(op.f('fk_registration_standing_id'), type_='foreignkey')
        batch_op.drop_column('standing_id')
    op.drop_index(op.f('ix_standing_date_standing_id'), table_name='standing_date')
    op.drop_table('standing_date')
    op.drop_index(op.f('ix_standing_sign_up_email_key'), table_name='standing_sign_up')
    op.drop_table('standing_sign_up')
    op.drop_table('series_settings')
