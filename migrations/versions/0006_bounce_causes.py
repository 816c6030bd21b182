"""why a mail was not delivered"""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

CAUSE = """CASE WHEN kind <> 'bounce' THEN ''
  WHEN code LIKE '5.1.%' AND code NOT IN ('5.1.7', '5.1.8') THEN 'address'
  WHEN code = '5.2.1' THEN 'address' WHEN code = '5.2.2' THEN 'full'
  WHEN code LIKE '5.7.%' OR code IN ('5.1.7', '5.1.8') THEN 'sender' ELSE 'other' END"""


def upgrade() -> None:
    with op.batch_alter_table('incoming_mail') as table:
        table.alter_column('permanent', new_column_name='lost', existing_type=sa.Boolean())
        table.add_column(sa.Column('cause', sa.String(8), nullable=False, server_default=''))
    op.execute(f'UPDATE incoming_mail SET cause = {CAUSE}')
    # Full mailboxes and refused senders had been marked like addresses that nobody reads.
    op.execute(
        "DELETE FROM undeliverable_address WHERE NOT (code = '5.2.1' OR (code LIKE '5.1.%'"
        " AND code NOT IN ('5.1.7', '5.1.8')))"
    )


def downgrade() -> None:
    with op.batch_alter_table('incoming_mail') as table:
        table.drop_column('cause')
        table.alter_column('lost', new_column_name='permanent', existing_type=sa.Boolean())
