"""the channel of a registration"""

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
