"""Alembic's entry for every schema: `State.migrate` hands over its own connection and which schema it is."""

from alembic import context

from cairn.core.state.state import SAVED

schema = context.config.attributes.get("schema", SAVED)
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=schema.metadata,
    version_table=schema.version_table,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
