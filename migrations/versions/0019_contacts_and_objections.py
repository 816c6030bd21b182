"""contacts of the office, and objections to announcements"""

import sqlalchemy as sa
from alembic import op

from ikone_events.store.db import SortKey

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'contact',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('public_id', sa.String(length=32), nullable=False),
        sa.Column('edit_version', sa.Integer(), nullable=False),
        sa.Column('salutation', sa.String(length=10), nullable=False),
        sa.Column('title', sa.String(length=50), nullable=False),
        sa.Column('first_name', sa.String(length=100), nullable=False),
        sa.Column('last_name', sa.String(length=100), nullable=False),
        sa.Column('name_key', SortKey, nullable=False),
        sa.Column('search_key', sa.Text(), nullable=False),
        sa.Column('position', sa.String(length=200), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('email_key', sa.String(length=254), nullable=False),
        sa.Column('address_hash', sa.String(length=64), nullable=False),
        sa.Column('organisation_id', sa.Integer(), nullable=True),
        sa.Column('organisation_text', sa.String(length=200), nullable=False),
        sa.Column('organisation_key', sa.String(length=200), nullable=False),
        sa.Column('locale', sa.String(length=2), nullable=False),
        sa.Column('source', sa.String(length=200), nullable=False),
        sa.Column('legal_basis', sa.String(length=30), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('entered_by', sa.String(length=200), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('checked_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_contact_organisation_id'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_contact')),
        sa.UniqueConstraint('email_key', name=op.f('uq_contact_email_key')),
        sa.UniqueConstraint('public_id', name=op.f('uq_contact_public_id')),
    )
    op.create_index('ix_contact_name', 'contact', ['name_key', 'id'])
    for column in ('address_hash', 'organisation_id', 'organisation_key'):
        op.create_index(op.f(f'ix_contact_{column}'), 'contact', [column])
    op.create_table(
        'objection',
        sa.Column('address_hash', sa.String(length=64), nullable=False),
        sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('address_hash', name=op.f('pk_objection')),
    )
    op.create_table(
        'objection_key',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('key', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_objection_key')),
    )
    with op.batch_alter_table('mailing', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('contact_choice', sa.Text(), nullable=False, server_default='')
        )
    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('contact_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f('fk_outbox_mail_contact_id'), 'contact', ['contact_id'], ['id'], ondelete='CASCADE'
        )
        batch_op.create_unique_constraint(
            batch_op.f('uq_outbox_mail_mailing_id_contact_id'), ['mailing_id', 'contact_id']
        )
        batch_op.create_index(batch_op.f('ix_outbox_mail_contact_id'), ['contact_id'])
    with op.batch_alter_table('import_list', schema=None) as batch_op:
        batch_op.alter_column('event_id', existing_type=sa.Integer(), nullable=True)


def downgrade():
    op.execute('DELETE FROM import_list WHERE event_id IS NULL')
    with op.batch_alter_table('import_list', schema=None) as batch_op:
        batch_op.alter_column('event_id', existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_outbox_mail_contact_id'))
        batch_op.drop_constraint(batch_op.f('uq_outbox_mail_mailing_id_contact_id'), type_='unique')
        batch_op.drop_constraint(batch_op.f('fk_outbox_mail_contact_id'), type_='foreignkey')
        batch_op.drop_column('contact_id')
    with op.batch_alter_table('mailing', schema=None) as batch_op:
        batch_op.drop_column('contact_choice')
    for table in ('objection_key', 'objection', 'contact'):
        op.drop_table(table)
