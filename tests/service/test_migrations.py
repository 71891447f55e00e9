from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from cairn.console.tables import sessions as console_sessions
from cairn.core.config import Settings
from cairn.core.errors import ConfigurationError
from cairn.core.folder import DataFolder
from cairn.core.state import Schema, State
from cairn.gateway.tables import access_keys
from cairn.service.saved import SCHEMAS, migrate, open_state

every_schema = pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path)
    folder.make()
    return folder


@every_schema
def test_the_migrations_make_the_tables_that_the_rooms_declare(folder: DataFolder, schema: Schema) -> None:
    migrate(folder, Settings())
    state = open_state(folder, Settings(), schema)
    with state.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": schema.version_table})
        differences = compare_metadata(context, schema.metadata)
    assert differences == []
    state.close()


@every_schema
def test_a_state_that_a_newer_version_wrote_is_refused(folder: DataFolder, schema: Schema) -> None:
    migrate(folder, Settings())
    state = open_state(folder, Settings(), schema)
    with state.write() as connection:
        connection.exec_driver_sql(f"UPDATE {schema.version_table} SET version_num = '9999'")
    state.close()
    with pytest.raises(ConfigurationError, match="newer Cairn"):
        migrate(folder, Settings())


def test_migrating_twice_changes_nothing(folder: DataFolder) -> None:
    for _ in range(2):
        migrate(folder, Settings())


def test_a_validated_trail_that_logged_before_there_were_digests_has_them_from_then_on(tmp_path: Path) -> None:
    state = State.in_folder(tmp_path)
    _upgrade(state, "0002")
    with state.write() as connection:
        for number, settings in enumerate(('{"bucket":"b","validation":true}', '{"bucket":"b"}'), start=1):
            columns = "(id, account, home_region, name, arn, settings, logging)"
            connection.exec_driver_sql(
                f"INSERT INTO trails {columns} VALUES (?, '1', 'r', 'n', ?, ?, 1)", (number, f"arn-{number}", settings)
            )
    state.migrate()
    with state.read() as connection:
        assert connection.exec_driver_sql("SELECT trail, after_file, ended FROM digest_periods").all() == [(1, 0, None)]
    state.close()


def _upgrade(state: State, revision: str) -> None:
    """Bring the tables to an earlier version's shape."""
    config = Config()
    config.set_main_option("script_location", str(files("cairn.core.state") / "migrations"))
    with state.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_public_keys_outlive_the_change_of_their_table(tmp_path: Path) -> None:
    state = State.in_folder(tmp_path)
    _upgrade(state, "0009")
    with state.write() as connection:
        connection.exec_driver_sql("INSERT INTO digest_keys VALUES ('f', 'us-east-1', x'01', 1.5, 2.5)")
    state.migrate()
    with state.write() as connection:
        connection.exec_driver_sql("INSERT INTO digest_keys VALUES ('f', 'eu-west-1', x'01', 1.5, 2.5)")
        kept = connection.exec_driver_sql("SELECT * FROM digest_keys ORDER BY region DESC").first()
    assert kept == ("f", "us-east-1", b"\x01", 1.5, 2.5)
    state.close()


def test_changes_of_access_keys_are_counted_and_no_others(folder: DataFolder) -> None:
    """In the tables that migrations made: gateways believe what they remember of a key by it."""
    migrate(folder, Settings())
    state, other = open_state(folder, Settings()), open_state(folder, Settings())
    row = dict.fromkeys(("id", "owner", "secret", "token", "identity"), "x") | {"active": True}
    seen = {state.changes(access_keys)}
    for change in (
        access_keys.insert().values(row),
        access_keys.update().values(active=False),
        access_keys.delete(),
    ):
        with other.write() as connection:
            connection.execute(change)
        assert state.changes(access_keys) not in seen
        seen.add(state.changes(access_keys))
    with other.write() as connection:
        connection.execute(console_sessions.insert().values(id="1", key="x", created=1.0, expires=2.0))
    assert state.changes(access_keys) in seen
    state.close()
    other.close()
