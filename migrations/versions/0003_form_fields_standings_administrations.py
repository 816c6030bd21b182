"""form fields, standings, administrations"""

import sqlalchemy as sa
from alembic import op
import flask_security.datastore
import ikone_events.store.db
from ikone_events.domain.directory.administrations import key_of, names_of


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=40), nullable=False),
    sa.Column('label', sa.String(length=200), nullable=False),
    sa.Column('uses', sa.Integer(), nullable=True),
    sa.Column('revoked_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('created_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_code_event_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_code')),
    sa.UniqueConstraint('event_id', 'text', name=op.f('uq_code_event_id_text'))
    )
    op.create_table('form_field',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('label_en', sa.Text(), nullable=False),
    sa.Column('help', sa.Text(), nullable=False),
    sa.Column('help_en', sa.Text(), nullable=False),
    sa.Column('required', sa.Boolean(), nullable=False),
    sa.Column('choices', sa.Text(), nullable=False),
    sa.Column('versions', sa.Text(), nullable=False),
    sa.Column('shown_if', sa.String(length=40), nullable=False),
    sa.Column('shown_value', sa.String(length=200), nullable=False),
    sa.Column('keep_days', sa.Integer(), nullable=True),
    sa.Column('seen_by', sa.String(length=10), nullable=False),
    sa.Column('retired_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_form_field_event_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form_field')),
    sa.UniqueConstraint('event_id', 'key', name=op.f('uq_form_field_event_id_key'))
    )
    op.create_table('import_list',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('organiser_id', sa.Integer(), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('rows', sa.Text(), nullable=False),
    sa.Column('created_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_import_list_event_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organiser_id'], ['organiser.id'], name=op.f('fk_import_list_organiser_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_list')),
    sa.UniqueConstraint('public_id', name=op.f('uq_import_list_public_id'))
    )
    with op.batch_alter_table('import_list', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_list_event_id'), ['event_id'], unique=False)

    op.create_table('organisation_name',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=200), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('source', sa.String(length=10), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_organisation_name_organisation_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation_name'))
    )
    with op.batch_alter_table('organisation_name', schema=None) as batch_op:
        batch_op.create_index('ix_organisation_name_key', ['key'], unique=False)
        batch_op.create_index(batch_op.f('ix_organisation_name_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('left_text',
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('text', sa.String(length=200), nullable=False),
    sa.Column('left_by', sa.String(length=200), nullable=False),
    sa.Column('left_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_left_text'))
    )
    op.create_table('answer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('field_id', sa.Integer(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('value_key', sa.String(length=100), nullable=False),
    sa.Column('version', sa.Integer(), nullable=True),
    sa.Column('at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['field_id'], ['form_field.id'], name=op.f('fk_answer_field_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_answer_registration_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answer')),
    sa.UniqueConstraint('registration_id', 'field_id', 'value_key', name=op.f('uq_answer_registration_id_field_id_value_key'))
    )
    with op.batch_alter_table('answer', schema=None) as batch_op:
        batch_op.create_index('ix_answer_field_value', ['field_id', 'value_key'], unique=False)

    op.create_table('standing_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('source', sa.String(length=12), nullable=False),
    sa.Column('target', sa.String(length=12), nullable=False),
    sa.Column('actor', sa.String(length=200), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('event_touched', sa.Integer(), nullable=False),
    sa.Column('at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_standing_change_registration_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_standing_change'))
    )
    with op.batch_alter_table('standing_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_standing_change_registration_id'), ['registration_id'], unique=False)

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('capacity_online', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('capacity_on_site', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('seats_kept_online', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('seats_kept_on_site', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('per_administration', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('members_until', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('by_code', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('approval', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('confirm_hours', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('offer_hours', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('colleagues', sa.Boolean(), server_default=sa.true(), nullable=False))

    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('revision', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('district', sa.String(length=200), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('member_since', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('member_until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('changed_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.create_index('ix_organisation_version', ['revision', 'changed_at'], unique=False)

    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.add_column(sa.Column('mode', sa.String(length=10), nullable=False, server_default='online'))
        batch_op.add_column(sa.Column('awaits', sa.String(length=10), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('hold_until', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('line', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('address_confirmed_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('approved_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('accepted_at', ikone_events.store.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('code_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('predecessor_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('registered_by', sa.String(length=300), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('note', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('organisation_key', sa.String(length=200), nullable=False, server_default=''))
        batch_op.create_index(batch_op.f('ix_registration_code_id'), ['code_id'], unique=False)
        batch_op.create_index('ix_registration_event_organisation', ['event_id', 'organisation_id'], unique=False)
        batch_op.create_index('ix_registration_held', ['hold_until'], unique=False, sqlite_where=sa.text("status IN ('pending', 'offered')"), postgresql_where=sa.text("status IN ('pending', 'offered')"))
        batch_op.create_index('ix_registration_organisation_key', ['organisation_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_registration_predecessor_id'), ['predecessor_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_registration_predecessor_id'), 'registration', ['predecessor_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_registration_code_id'), 'code', ['code_id'], ['id'])

    op.execute(
        "UPDATE registration SET mode = 'on_site'"
        " WHERE event_id IN (SELECT id FROM event WHERE format = 'on_site')"
    )
    # Those who wait since before keep their order, by the order of their rows, ahead of all others.
    op.execute("UPDATE registration SET line = 0 WHERE status = 'waitlisted'")
    op.execute(
        "INSERT INTO standing_change"
        " (registration_id, action, source, target, actor, reason, event_touched, at)"
        " SELECT id, 'recorded', '', status, 'system', '', event_touched, status_at"
        " FROM registration ORDER BY id"
    )
    _name_organisations()
    _note_keys()


def _name_organisations():
    """The names that the bodies of before are found by."""
    bodies = sa.table(
        'organisation', sa.column('id'), sa.column('name'), sa.column('short_name'), sa.column('kind')
    )
    rows = [
        {'organisation_id': body.id, 'text': name.text, 'key': name.key, 'source': name.source.value}
        for body in op.get_bind().execute(sa.select(bodies).order_by(bodies.c.id)).all()
        for name in names_of(body.name, body.short_name, body.kind, ())
    ]
    columns = [sa.column(name) for name in ('organisation_id', 'text', 'key', 'source')]
    if rows:
        op.bulk_insert(sa.table('organisation_name', *columns), rows)


def _note_keys():
    """How the texts that people typed before are compared."""
    people = sa.table(
        'registration', sa.column('id'), sa.column('organisation_text'), sa.column('organisation_key')
    )
    typed = people.c.organisation_text
    found = op.get_bind().execute(sa.select(people.c.id, typed).where(typed != '')).all()
    if found:
        op.get_bind().execute(
            people.update()
            .where(people.c.id == sa.bindparam('row'))
            .values(organisation_key=sa.bindparam('typed_key')),
            [{'row': row, 'typed_key': key_of(text)} for row, text in found],
        )


def downgrade():
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_registration_code_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_registration_predecessor_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_registration_predecessor_id'))
        batch_op.drop_index('ix_registration_organisation_key')
        batch_op.drop_index('ix_registration_held', sqlite_where=sa.text("status IN ('pending', 'offered')"), postgresql_where=sa.text("status IN ('pending', 'offered')"))
        batch_op.drop_index('ix_registration_event_organisation')
        batch_op.drop_index(batch_op.f('ix_registration_code_id'))
        batch_op.drop_column('organisation_key')
        batch_op.drop_column('note')
        batch_op.drop_column('registered_by')
        batch_op.drop_column('predecessor_id')
        batch_op.drop_column('code_id')
        batch_op.drop_column('accepted_at')
        batch_op.drop_column('approved_at')
        batch_op.drop_column('address_confirmed_at')
        batch_op.drop_column('line')
        batch_op.drop_column('hold_until')
        batch_op.drop_column('awaits')
        batch_op.drop_column('mode')

    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.drop_index('ix_organisation_version')
        batch_op.drop_column('changed_at')
        batch_op.drop_column('member_until')
        batch_op.drop_column('member_since')
        batch_op.drop_column('district')
        batch_op.drop_column('revision')

    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_column('colleagues')
        batch_op.drop_column('offer_hours')
        batch_op.drop_column('confirm_hours')
        batch_op.drop_column('approval')
        batch_op.drop_column('by_code')
        batch_op.drop_column('members_until')
        batch_op.drop_column('per_administration')
        batch_op.drop_column('seats_kept_on_site')
        batch_op.drop_column('seats_kept_online')
        batch_op.drop_column('capacity_on_site')
        batch_op.drop_column('capacity_online')

    with op.batch_alter_table('standing_change', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_standing_change_registration_id'))

    op.drop_table('standing_change')
    with op.batch_alter_table('answer', schema=None) as batch_op:
        batch_op.drop_index('ix_answer_field_value')

    op.drop_table('answer')
    with op.batch_alter_table('organisation_name', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_organisation_name_organisation_id'))
        batch_op.drop_index('ix_organisation_name_key')

    op.drop_table('organisation_name')
    op.drop_table('left_text')
    with op.batch_alter_table('import_list', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_import_list_event_id'))

    op.drop_table('import_list')
    op.drop_table('form_field')
    op.drop_table('code')
