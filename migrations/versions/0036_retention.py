"""records of retention runs"""

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
