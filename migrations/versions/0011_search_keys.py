"""keys for searching and sorting people"""

import sqlalchemy as sa
from alembic import op

from ikone_events.domain.folding import search_key, sort_key
from ikone_events.domain.header_text import normal_line
from ikone_events.store.db import SortKey


revision = '0011'
down_revision = '0010'
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
    _fill('registration', TEXTS, _of_person)
    _fill('organisation', ('name',), lambda name: {'name_key': sort_key(name)})


def _of_person(first, last, *others):
    """The keys of a person, and names that every mail can carry: earlier checks were lenient."""
    first, last = (normal_line(name).replace('=?', '= ?')[:100] for name in (first, last))
    return {
        'first_name': first, 'last_name': last,
        'search_key': search_key(first, last, *others), 'name_key': sort_key(last, first),
    }


def _fill(name, texts, values_of):
    """Store the values of all rows, in portions by id."""
    names = list(values_of(*[''] * len(texts)))
    table = sa.table(name, *map(sa.column, dict.fromkeys(('id', *texts, *names))))
    values = {each: sa.bindparam(f'new_{each}') for each in names}
    change = table.update().where(table.c.id == sa.bindparam('row')).values(values)
    bind, last = op.get_bind(), 0
    wanted = sa.select(table.c.id, *(table.c[text] for text in texts)).order_by(table.c.id)
    while rows := bind.execute(wanted.where(table.c.id > last).limit(PORTION)).all():
        new = [(row, values_of(*found)) for row, *found in rows]
        bind.execute(
            change, [{'row': row, **{f'new_{k}': v for k, v in each.items()}} for row, each in new]
        )
        last = rows[-1][0]


def downgrade():
    op.drop_index('ix_registration_event_name', 'registration')
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_column('name_key')
        batch_op.drop_column('search_key')
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.drop_column('name_key')
