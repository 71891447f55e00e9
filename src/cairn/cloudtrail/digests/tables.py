"""Digest files, the periods that they prove, and the keys that sign them, as they stand in the saved state.

`digests` is a log in the order of its ids: rows are added, and never deleted or put into another order.
"""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.state import metadata

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns

periods = sa.Table(
    "digest_periods",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("trail", _ID, sa.ForeignKey("trails.id", ondelete="CASCADE"), nullable=False),
    sa.Column("began", sa.Float, nullable=False),
    sa.Column("after_file", sa.BigInteger, nullable=False, doc="the last row of delivered_files that is before it"),
    sa.Column("ended", sa.Float),
    sa.Column("last_file", sa.BigInteger, doc="the last row of delivered_files in it, once that is known"),
    sa.Column("finished", sa.Float, doc="when its last digests were in the bucket, or given up"),
    sa.Index("digest_periods_trail", "trail"),
    sa.Index("digest_periods_finished", "finished"),
)

digests = sa.Table(
    "digests",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("period", _ID, sa.ForeignKey("digest_periods.id", ondelete="CASCADE"), nullable=False),
    sa.Column("trail", _ID, sa.ForeignKey("trails.id", ondelete="CASCADE"), nullable=False),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False, doc="digestStartTime, seconds since the epoch"),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("after_file", sa.BigInteger, nullable=False, doc="the last row of delivered_files that is before it"),
    sa.Column("last_file", sa.BigInteger, nullable=False, doc="the last row of delivered_files that was looked at"),
    sa.Column("bucket", sa.String(63), nullable=False),
    sa.Column("key", sa.String(1024), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, doc="of the bytes before compression, hex"),
    sa.Column("fingerprint", sa.String(32), nullable=False, doc="of the key that signed it"),
    sa.Column("signature", sa.Text, nullable=False, doc="hex"),
    sa.Column("previous", _ID, doc="the digest before it in its chain; none for a chain's first"),
    sa.Column("backfill", sa.Boolean, nullable=False, server_default=sa.false(), doc="whether its window was missed"),
    sa.Column("staged", sa.Float, nullable=False),
    sa.Column("outcome", sa.String(10), nullable=False, doc="staged, delivered or abandoned"),
    sa.Column("delivered", sa.Float, doc="when it was in the bucket"),
    sa.Index("digests_chain", "period", "account", "region"),
    sa.Index("digests_trail", "trail", "end"),
    sa.Index("digests_outcome", "outcome"),
)

keys = sa.Table(
    "digest_keys",
    metadata,
    sa.Column("fingerprint", sa.String(32), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True, doc="a key of a KMS may sign in several"),
    sa.Column("public", sa.LargeBinary, nullable=False, doc="RSAPublicKey of PKCS#1, DER"),
    sa.Column("valid_from", sa.Float, primary_key=True, doc="it may sign again after another has signed"),
    sa.Column("valid_until", sa.Float, nullable=False),
    sa.Index("digest_keys_region", "region", "valid_until"),
)

requests = sa.Table(
    "digest_requests",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("trail_arn", sa.String(300), nullable=False, doc="empty: all trails"),
    sa.Column("requested", sa.Float, nullable=False),
    sa.Column("after_digest", sa.BigInteger, nullable=False, doc="the last row of digests at that time"),
    sa.Column("answer", sa.Text, doc="DigestAnswer as JSON, once it is done"),
)
