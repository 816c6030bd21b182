"""requests for materials by people without a registration"""

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
