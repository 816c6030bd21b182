"""who came is in the records of attendance alone"""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade():
    # What was known so far is the word of the office; a record that exists knows more.
    op.execute(
        'INSERT INTO attendance'
        ' (registration_id, event_id, stated, stated_at, stated_by, provider_user)'
        ' SELECT registration.id, registration.event_id, registration.attendance,'
        " COALESCE(registration.attended_at, event.ends_at), '', ''"
        ' FROM registration JOIN event ON event.id = registration.event_id'
        ' WHERE registration.attendance IS NOT NULL AND NOT EXISTS'
        ' (SELECT 1 FROM attendance WHERE attendance.registration_id = registration.id)'
    )
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.drop_column('attended_at')
        batch_op.drop_column('attendance')


def downgrade():
    with op.batch_alter_table('registration', schema=None) as batch_op:
        batch_op.add_column(sa.Column('attendance', sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column('attended_at', sa.DateTime(timezone=True), nullable=True))
    _put_back('attendance', "CASE WHEN stated <> '' THEN stated WHEN {came} THEN 'attended' END")
    _put_back(
        'attended_at',
        "CASE WHEN stated = 'attended' THEN stated_at"
        " WHEN stated = '' AND {came} THEN COALESCE(door_at, joined_at) END",
    )


def _put_back(column, value):
    found = value.format(came='(door_at IS NOT NULL OR joined_at IS NOT NULL)')
    op.execute(
        f'UPDATE registration SET {column} ='
        f' (SELECT {found} FROM attendance WHERE attendance.registration_id = registration.id)'
    )
