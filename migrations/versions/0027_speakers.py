"""speakers and co-organisers, their mails, and the slides that they hand in"""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'speaker',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('event_id', sa.Integer(), nullable=False),
        sa.Column('public_id', sa.String(length=32), nullable=False),
        sa.Column('link_epoch', sa.Integer(), nullable=False),
        sa.Column('edit_version', sa.Integer(), nullable=False),
        sa.Column('role', sa.String(length=12), nullable=False),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('email_key', sa.String(length=254), nullable=False),
        sa.Column('organisation_text', sa.String(length=200), nullable=False),
        sa.Column('locale', sa.String(length=2), nullable=False),
        sa.Column('calendar_uid', sa.String(length=100), nullable=False),
        sa.Column('calendar_sequence', sa.Integer(), nullable=True),
        sa.Column('calendar_stamp', sa.DateTime(timezone=True), nullable=True),
        sa.Column('calendar_method', sa.String(length=10), nullable=False),
        sa.Column('partstat', sa.String(length=12), nullable=False),
        sa.Column('thread_id', sa.String(length=200), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_speaker_event_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_speaker')),
        sa.UniqueConstraint('calendar_uid', name=op.f('uq_speaker_calendar_uid')),
        sa.UniqueConstraint('event_id', 'email_key', name=op.f('uq_speaker_event_id_email_key')),
        sa.UniqueConstraint('public_id', name=op.f('uq_speaker_public_id')),
    )
    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('speaker_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f('fk_outbox_mail_speaker_id'), 'speaker', ['speaker_id'], ['id'], ondelete='SET NULL'
        )
        batch_op.create_unique_constraint(
            batch_op.f('uq_outbox_mail_mailing_id_speaker_id'), ['mailing_id', 'speaker_id']
        )
        batch_op.create_index(batch_op.f('ix_outbox_mail_speaker_id'), ['speaker_id'])
    with op.batch_alter_table('incoming_mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('speaker_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f('fk_incoming_mail_speaker_id'), 'speaker', ['speaker_id'], ['id'], ondelete='CASCADE'
        )
        batch_op.create_index(batch_op.f('ix_incoming_mail_speaker_id'), ['speaker_id'])
    with op.batch_alter_table('material', schema=None) as batch_op:
        batch_op.add_column(sa.Column('released', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column('speaker_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('replaces_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f('fk_material_speaker_id'), 'speaker', ['speaker_id'], ['id'], ondelete='SET NULL'
        )
        batch_op.create_foreign_key(
            batch_op.f('fk_material_replaces_id'), 'material', ['replaces_id'], ['id'], ondelete='SET NULL'
        )
        batch_op.create_index(batch_op.f('ix_material_speaker_id'), ['speaker_id'])
        batch_op.create_index(batch_op.f('ix_material_replaces_id'), ['replaces_id'])


def downgrade():
    # What nobody has released would be shown by earlier versions.
    op.execute('DELETE FROM material WHERE NOT released')
    with op.batch_alter_table('material', schema=None) as batch_op:
        for column in ('replaces_id', 'speaker_id'):
            batch_op.drop_index(batch_op.f(f'ix_material_{column}'))
            batch_op.drop_constraint(batch_op.f(f'fk_material_{column}'), type_='foreignkey')
            batch_op.drop_column(column)
        batch_op.drop_column('released')
    with op.batch_alter_table('incoming_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incoming_mail_speaker_id'))
        batch_op.drop_constraint(batch_op.f('fk_incoming_mail_speaker_id'), type_='foreignkey')
        batch_op.drop_column('speaker_id')
    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_outbox_mail_speaker_id'))
        batch_op.drop_constraint(batch_op.f('uq_outbox_mail_mailing_id_speaker_id'), type_='unique')
        batch_op.drop_constraint(batch_op.f('fk_outbox_mail_speaker_id'), type_='foreignkey')
        batch_op.drop_column('speaker_id')
    # Earlier versions know neither these mails nor their audience.
    op.execute("DELETE FROM outbox_mail WHERE kind LIKE 'speaker%'")
    op.execute("DELETE FROM mailing WHERE audience = 'speakers'")
    op.drop_table('speaker')
