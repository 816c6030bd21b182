"""plain names for tables and columns"""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

TABLES = (
    ('standing_change', 'status_change'),
    ('former_version', 'event_version'),
    ('dead_address', 'undeliverable_address'),
    ('hold', 'outbox_pause'),
    ('pace', 'send_rate'),
)
# table (by its new name), old column, new column
COLUMNS = (
    ('event', 'revision', 'edit_version'),
    ('event', 'touched', 'lock_version'),
    ('event', 'version', 'calendar_version'),
    ('registration', 'event_touched', 'event_lock_version'),
    ('registration', 'hold_until', 'reserved_until'),
    ('registration', 'line', 'waiting_order'),
    ('status_change', 'event_touched', 'event_lock_version'),
    ('mailing', 'event_touched', 'event_lock_version'),
    ('outbox_mail', 'event_version', 'notified_version'),
    ('organisation', 'revision', 'edit_version'),
    ('delivery_note', 'letter_id', 'mail_id'),
    ('incoming_mail', 'letter_id', 'mail_id'),
)
# table (by its new name), a part of the names of its indexes and constraints, the new part
NAMES = (
    ('status_change', 'standing_change', 'status_change'),
    ('event_version', 'former_version', 'event_version'),
    ('undeliverable_address', 'dead_address', 'undeliverable_address'),
    ('outbox_pause', 'hold', 'outbox_pause'),
    ('send_rate', 'pace', 'send_rate'),
    ('delivery_note', 'letter_id', 'mail_id'),
    ('incoming_mail', 'letter_id', 'mail_id'),
)


def upgrade():
    for old, new in TABLES:
        op.rename_table(old, new)
    for table, old, new in COLUMNS:
        op.execute(f'ALTER TABLE {table} RENAME COLUMN {old} TO {new}')
    for table, old, new in NAMES:
        _rename_parts(table, old, new)
    _replace_partial_index('ix_registration_held', 'ix_registration_reserved', 'reserved_until')
    op.execute("UPDATE status_change SET action = 'expire' WHERE action = 'lapse'")


def downgrade():
    op.execute("UPDATE status_change SET action = 'lapse' WHERE action = 'expire'")
    for table, old, new in NAMES:
        _rename_parts(table, new, old)
    for table, old, new in reversed(COLUMNS):
        op.execute(f'ALTER TABLE {table} RENAME COLUMN {new} TO {old}')
    for old, new in TABLES:
        op.rename_table(new, old)
    _replace_partial_index('ix_registration_reserved', 'ix_registration_held', 'hold_until')


def _replace_partial_index(old, new, column):
    where = sa.text("status IN ('pending', 'offered')")
    op.drop_index(old, 'registration')
    op.create_index(new, 'registration', [column], sqlite_where=where, postgresql_where=where)


def _rename_parts(table, old, new):
    """Give indexes and constraints of a table the names that the models have for them."""
    indexes = [i for i in sa.inspect(op.get_bind()).get_indexes(table) if _is_index(i, old)]
    for index in indexes:
        op.drop_index(index['name'], table)
    if op.get_bind().dialect.name == 'sqlite':
        _rebuild(table, old, new)
    else:
        _rename_constraints(table, old, new)
    for index in indexes:
        op.create_index(index['name'].replace(old, new), table, index['column_names'])


def _is_index(index, part):
    return part in index['name'] and not index.get('duplicates_constraint')


def _rebuild(table, old, new):
    """SQLite can't rename a constraint: the table is copied into one that has the new names."""
    found = sa.inspect(op.get_bind())
    uniques = [u for u in found.get_unique_constraints(table) if old in (u['name'] or '')]
    references = [f for f in found.get_foreign_keys(table) if old in (f['name'] or '')]
    key = found.get_pk_constraint(table)
    with op.batch_alter_table(table, schema=None, recreate='always') as batch_op:
        if old in (key['name'] or ''):
            batch_op.drop_constraint(key['name'], type_='primary')
            batch_op.create_primary_key(key['name'].replace(old, new), key['constrained_columns'])
        for each in uniques:
            batch_op.drop_constraint(each['name'], type_='unique')
            batch_op.create_unique_constraint(each['name'].replace(old, new), each['column_names'])
        for each in references:
            batch_op.drop_constraint(each['name'], type_='foreignkey')
            batch_op.create_foreign_key(
                each['name'].replace(old, new), each['referred_table'],
                each['constrained_columns'], each['referred_columns'], **each['options'],
            )


def _rename_constraints(table, old, new):
    wanted = sa.text("SELECT conname FROM pg_constraint WHERE conrelid = cast(:name AS regclass)")
    for name in list(op.get_bind().execute(wanted, {'name': table}).scalars()):
        if old in name and not name.endswith('_not_null'):
            op.execute(f'ALTER TABLE {table} RENAME CONSTRAINT {name} TO {name.replace(old, new)}')
