"""A key that signs digests may do so in several regions, and again after another has."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.rename_table("digest_keys", "digest_keys_before")
    op.drop_index("digest_keys_region", "digest_keys_before")
    made = op.create_table(
        "digest_keys",
        sa.Column("fingerprint", sa.String(32), primary_key=True),
        sa.Column("region", sa.String(32), primary_key=True),
        sa.Column("public", sa.LargeBinary, nullable=False),
        sa.Column("valid_from", sa.Float, primary_key=True),
        sa.Column("valid_until", sa.Float, nullable=False),
    )
    op.create_index("digest_keys_region", "digest_keys", ["region", "valid_until"])
    before = sa.table("digest_keys_before", *(sa.column(column.name) for column in made.columns))
    op.execute(sa.insert(made).from_select([column.name for column in made.columns], sa.select(*before.columns)))
    op.drop_table("digest_keys_before")
