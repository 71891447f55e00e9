"""How often access keys were changed, which SQLite counts by itself. Nobody asks PostgreSQL.

A migration that makes the table anew has to make its triggers anew: they go with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    changes = op.create_table(
        "changes",
        sa.Column("of_table", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(changes, [{"of_table": "access_keys", "number": 0}])
    if op.get_bind().dialect.name != "sqlite":
        return
    count = "UPDATE changes SET number = number + 1 WHERE of_table = 'access_keys'"
    for event in ("INSERT", "UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER access_keys_{event.lower()} AFTER {event} ON access_keys BEGIN {count}; END")
