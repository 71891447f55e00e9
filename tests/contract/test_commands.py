"""The commands against a running server: what they print, and their exit codes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.waiting import wait_until
from tests.running import BIN, Cairn

from cairn.core.process import free_port

pytestmark = pytest.mark.engine


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    """A Cairn that nobody else gives troubles to."""
    running = Cairn(tmp_path_factory.mktemp("alone") / "data")
    running.start()
    yield running
    assert running.stop() == 0


def test_status_names_every_loop_and_all_are_well(alone: Cairn) -> None:
    found = rows(alone.cairn("status"))
    assert {row["loop"] for row in found} >= {"history", "delivery", "intents", "trim"}
    assert {row["state"] for row in found} == {"ok"}


def test_doctor_finds_nothing_wrong_and_leaves_no_bucket(alone: Cairn) -> None:
    before = alone.client("s3").list_buckets()["Buckets"]
    found = rows(alone.cairn("doctor"))
    assert {row["state"] for row in found} == {"ok"}
    assert {"disk", "fsync", "permissions", "server", "clock", "journal", "bucket"} <= {row["check"] for row in found}
    assert alone.client("s3").list_buckets()["Buckets"] == before


def test_env_points_a_shell_at_the_server(cairn: Cairn) -> None:
    lines = cairn.cairn("env").splitlines()
    exported = dict(shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export "))
    assert exported["AWS_ENDPOINT_URL"] == cairn.endpoint
    assert exported["AWS_ACCESS_KEY_ID"] == cairn.folder.administrator().access_key_id


def test_tail_shows_a_call_as_it_happens(cairn: Cairn) -> None:
    tail = subprocess.Popen(
        [str(BIN / "cairn"), "tail", "--data", str(cairn.folder.path), "--name", "CreateGroup", "-n", "1"],
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    number = 0
    while tail.poll() is None:  # calls until the tail has connected and sees one
        assert time.monotonic() < deadline
        number += 1
        cairn.client("iam").create_group(GroupName=f"tailed-{number}")
        time.sleep(0.5)
    printed, _ = tail.communicate()
    record = json.loads(printed)
    assert (record["eventName"], record["eventSource"]) == ("CreateGroup", "iam.amazonaws.com")


def test_search_finds_by_many_filters_and_counts(cairn: Cairn) -> None:
    cairn.client("sqs").create_queue(QueueName="searched")
    deadline = time.monotonic() + 10
    query = ["name=CreateQueue", "requestParameters.queueName=searched", "-user=nobody"]
    while True:
        done = subprocess.run(
            [str(BIN / "cairn"), "search", *query, "--data", str(cairn.folder.path)], capture_output=True, text=True
        )
        if done.returncode == 0:
            break
        assert done.returncode == 1
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert rows(done.stdout)[0]["requestParameters"]["queueName"] == "searched"  # type: ignore[index]
    counted = rows(cairn.cairn("search", "name=CreateQueue", "--count", "user"))
    assert {"value": "administrator", "events": len(rows(cairn.cairn("search", "name=CreateQueue")))} in counted


def test_a_query_that_cannot_be_read_says_where(cairn: Cairn) -> None:
    done = subprocess.run(
        [str(BIN / "cairn"), "search", "nosuchfield=1", "--data", str(cairn.folder.path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode in (2, 5)
    assert "nosuchfield" in done.stderr


def test_config_show_tells_where_a_value_came_from(cairn: Cairn) -> None:
    done = subprocess.run(
        [str(BIN / "cairn"), "config", "show", "--origin", "--data", str(cairn.folder.path)],
        capture_output=True,
        text=True,
        env=os.environ | {"CAIRN_DELIVERY_INTERVAL": "5s"},
    )
    by_key = {row["key"]: row for row in rows(done.stdout)}
    assert by_key["delivery.interval"]["value"] == "5s"
    assert by_key["delivery.interval"]["origin"] == "CAIRN_DELIVERY_INTERVAL"
    assert by_key["server.port"]["origin"] == "default"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["no-such-command"], 2),
        (["search", "--limit", "many"], 2),
        (["search", "name=CreateUser", "-o", "csv"], 2),
        (["status", "--data", "/nonexistent/cairn"], 4),
        (["status", "--endpoint", "http://127.0.0.1:9"], 4),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    environment = os.environ | {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}
    done = subprocess.run([str(BIN / "cairn"), *arguments], capture_output=True, text=True, env=environment)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr


def test_an_unknown_setting_is_exit_3(tmp_path: Path) -> None:
    (tmp_path / "cairn.toml").write_text('[delivery]\nintervall = "5s"\n')
    done = subprocess.run([str(BIN / "cairn"), "up", "--data", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 3
    assert "delivery.interval" in done.stderr


@pytest.mark.parametrize("engine", ["nats", "seaweedfs"])
def test_an_engine_that_cannot_start_ends_those_beside_it(tmp_path: Path, engine: str) -> None:
    (tmp_path / "cairn.toml").write_text(f'[engines]\n{engine} = "/bin/false"\n')
    arguments = ["up", "--data", str(tmp_path), "--port", str(free_port())]
    done = subprocess.run([str(BIN / "cairn"), *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 3
    assert "/bin/false" in done.stderr
    assert "Traceback" not in done.stderr
    assert not [pid for pid in Path("/proc").glob("[0-9]*") if str(tmp_path) in _command_line(pid)]


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


def test_others_than_administrators_are_refused(cairn: Cairn) -> None:
    iam = cairn.client("iam")
    iam.create_user(UserName="curious")
    key = iam.create_access_key(UserName="curious")["AccessKey"]
    done = subprocess.run(
        [str(BIN / "cairn"), "search", "--endpoint", cairn.endpoint],
        capture_output=True,
        text=True,
        env=os.environ | {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]},
    )
    assert done.returncode == 5
    assert "403" in done.stderr


def test_metrics_tell_of_every_process_and_how_far_each_sink_is_behind(cairn: Cairn) -> None:
    def told() -> bytes:
        with urllib.request.urlopen(f"{cairn.endpoint}/metrics", timeout=10) as reply:
            return bytes(reply.read())

    wait_until(lambda: b'cairn_sink_behind_batches{process="worker",sink="history"}' in told())
    assert b'cairn_events_total{category="Management",process="gateway-0"}' in told()
    assert b'process_resident_memory_bytes{process="worker"}' in told()


def test_probes_need_no_signature(cairn: Cairn) -> None:
    for path, expected in (("/livez", b"ok"), ("/readyz", b"ok"), ("/metrics", b"cairn_events_total")):
        with urllib.request.urlopen(cairn.endpoint + path, timeout=10) as reply:
            assert expected in reply.read()
