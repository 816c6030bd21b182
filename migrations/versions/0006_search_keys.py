"""keys for searching and sorting people"""

import sqlalchemy as sa
from alembic import op

from ikone_events.domain.folding import search_key, sort_key
from ikone_events.store.db import SortKey


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

PORTION = 1000
TEXTS = ('first_name', 'last_name', 'email', 'organisation_text')


def upgrade():
    for table in ('registration', 'organisation'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            if table == 'registration':
                batch_op.add_column(
                    sa.Column('search_key', sa.Text(), nullable=False, server_default='')
                )
            batch_op.add_column(sa.Column('name_key', SortKey, nullable=False, server_default=''))
    op.create_index('ix_registration_event_name', 'registration', ['event_id', 'name_key'])
    _fill('registration', TEXTS, lambda first, last, *others: {
        'search': search_key(first, last, *others), 'sorted': sort_key(last, first)
    })
    _fill('organisation', ('name',), lambda name: {'sorted': sort_key(name)})


def _fill(name, texts, keys_of):
    """Store the keys of all rows, in portions by id."""
    table = sa.table(name, *map(sa.column, ('id', *texts, 'search_key', 'name_key')))
    values = {'name_key': sa.bindparam('sorted')}
    if name == 'registration':
        values['search_key'] = sa.bindparam('search')
    change = table.update().where(table.c.id == sa.bindparam('row')).values(values)
    bind, last = op.get_bind(), 0
    wanted = sa.select(table.c.id, *(table.c[text] for text in texts)).order_by(table.c.id)
    while rows := bind.execute(wanted.where(table.c.id > last).limit(PORTION)).all():
        bind.execute(change, [{'row': row, **keys_of(*texts)} for row, *texts in rows])
        last = rows[-1][0]


def downgrade():
    op.drop_index('ix_registration_event_name', 'registration')
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_column('name_key')
        batch_op.drop_column('search_key')
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.drop_column('name_key')
