"""a key for searching mails, and the index that covers the search"""

import sqlalchemy as sa
from alembic import op

from ikone_events.domain.folding import search_key

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

PORTION = 1000
LONGEST = 640
MAIL = sa.table(
    'outbox_mail',
    *map(sa.column, ('id', 'recipient', 'recipient_name', 'subject', 'search_key')),
)


def upgrade():
    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('search_key', sa.Text(), nullable=False, server_default=''))
    _fill()
    columns = ['search_key', 'event_id', 'subscriber_id', 'id']
    op.create_index('ix_outbox_mail_search', 'outbox_mail', columns)


def _fill():
    """Store the keys of all mails, in portions by id."""
    change = (
        MAIL.update()
        .where(MAIL.c.id == sa.bindparam('row'))
        .values(search_key=sa.bindparam('key'))
    )
    wanted = sa.select(MAIL.c.id, MAIL.c.recipient, MAIL.c.recipient_name, MAIL.c.subject)
    bind, last = op.get_bind(), 0
    while rows := bind.execute(
        wanted.where(MAIL.c.id > last).order_by(MAIL.c.id).limit(PORTION)
    ).all():
        bind.execute(
            change,
            [{'row': row, 'key': search_key(*texts)[:LONGEST]} for row, *texts in rows],
        )
        last = rows[-1][0]


def downgrade():
    op.drop_index('ix_outbox_mail_search', 'outbox_mail')
    with op.batch_alter_table('outbox_mail', schema=None) as batch_op:
        batch_op.drop_column('search_key')
