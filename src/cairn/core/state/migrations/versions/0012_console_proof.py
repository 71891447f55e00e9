"""A session of the console ends with the access key that somebody signed in with."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("console_sessions") as table:
        table.add_column(sa.Column("proof", sa.String(128), nullable=True))
