"""stored reasons are message ids: those whose English has changed"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

# Table, column, old text, new text. Reasons of steps stand in JSON: only ASCII, without quotation marks.
TEXTS = (
    ('status_change', 'reason',
     'The event had begun: nobody moves up by the line any more.',
     'The event had begun: nobody moves up automatically any more.'),
    ('status_change', 'reason',
     'Whoever waited before had to: no place in their mode, or for their administration.',
     'Whoever waited before had to: no place in their mode, or for their public body.'),
    ('step', 'reasons',
     'is not possible while the event is in the state ',
     'is not possible while the status of the event is '),
    ('step', 'reasons',
     'The contact for data protection is not set (IKONE_PRIVACY_CONTACT).',
     'The contact for data protection is missing. Whoever runs the server can enter it.'),
    ('step', 'reasons',
     'All names have been deleted; the event kept its state.',
     'All names have been deleted; the event keeps its status.'),
    ('step', 'reasons',
     'Its time had passed when the plan was made.',
     'Its time had passed when the steps were planned.'),
    ('step', 'reasons', 'Please choose an administration.', 'Please choose a public body.'),
    ('incoming_mail', 'words',
     "The mail can't be read by a program.",
     "The e-mail can't be read by a program."),
    ('incoming_mail', 'words',
     'The mail holds several different answers.',
     'The e-mail contains several different answers.'),
)


def upgrade():
    for table, column, old, new in TEXTS:
        _replace(table, column, old, new)


def downgrade():
    for table, column, old, new in TEXTS:
        _replace(table, column, new, old)


def _replace(table, column, old, new):
    where = sa.column(column)
    op.execute(
        sa.table(table, where)
        .update()
        .where(where.contains(old, autoescape=True))
        .values({column: sa.func.replace(where, old, new)})
    )
