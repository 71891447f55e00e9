from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from cairn.core.config import Settings
from cairn.core.errors import ConfigurationError
from cairn.core.folder import DataFolder
from cairn.core.state import metadata
from cairn.service.saved import open_state


def test_the_migrations_make_the_tables_that_the_rooms_declare(tmp_path: Path) -> None:
    state = open_state(DataFolder(tmp_path), Settings(), migrate=True)
    with state.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []
    state.close()


def test_a_state_that_a_newer_version_wrote_is_refused(tmp_path: Path) -> None:
    state = open_state(DataFolder(tmp_path), Settings(), migrate=True)
    with state.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer Cairn"):
        state.migrate()
    state.close()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        open_state(DataFolder(tmp_path), Settings(), migrate=True).close()
