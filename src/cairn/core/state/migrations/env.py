"""Alembic's entry: `State.migrate` hands over its own connection."""

from alembic import context

from cairn.core.state.state import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
