"""What is kept of buckets. Objects are the engine's."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.state import metadata

buckets = sa.Table(
    "s3_buckets",
    metadata,
    sa.Column("name", sa.String(63), primary_key=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    # `making`: not yet known to be in the engine; `live`; `leaving`: not yet known to be gone from the engine.
    sa.Column("phase", sa.String(8), nullable=False),
    sa.Column("object_lock", sa.Boolean, nullable=False),
    sa.Index("s3_buckets_by_account", "account", "name"),
)

documents = sa.Table(
    "s3_bucket_documents",
    metadata,
    sa.Column("bucket", sa.String(63), sa.ForeignKey("s3_buckets.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("id", sa.String(256), primary_key=True),  # empty where a bucket has one document of the kind
    sa.Column("content", sa.Text, nullable=False),
)

object_acls = sa.Table(
    "s3_object_acls",
    metadata,
    sa.Column("bucket", sa.String(63), sa.ForeignKey("s3_buckets.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.String(1024), primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)
