"""State in this process: what pickle is taught, what is written when, and what happens when it cannot be."""

from __future__ import annotations

import threading
import weakref
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.ec2.models import ec2_backends
from moto.iam.models import IAMBackend, iam_backends
from moto.sns.models import sns_backends
from moto.ssm.models import ParameterDict
from moto.sts.models import sts_backends

from cairn.account.moto import pickling
from cairn.account.moto.commits import CommitFailed, Commits
from cairn.account.moto.gate import Gate
from cairn.account.moto.snapshots import Snapshots
from cairn.account.moto.store import Store

ACCOUNT = "000011112222"


def _round(state: Any) -> Any:
    return pickling.load(pickling.dump(state)[0])


def test_locks_and_lambdas_come_back() -> None:
    base = 40
    state = _round({"add": lambda n, *, more=1: base + n + more, "lock": threading.RLock(), "made": defaultdict(list)})
    assert state["add"](1) == 42
    with state["lock"], state["lock"]:
        pass
    state["made"]["x"].append(1)
    assert state["made"]["x"] == [1]


def test_weak_references_point_at_the_copy() -> None:
    policy = iam_backends[ACCOUNT]["aws"].create_user("us-east-1", "weak")
    user, reference, by_name = _round((policy, weakref.ref(policy), weakref.WeakValueDictionary({"a": policy})))
    assert reference() is user
    assert by_name["a"] is user


def test_backends_stay_references() -> None:
    backend = ec2_backends[ACCOUNT]["eu-west-1"]
    content, _, references = pickling.dump({"backend": backend, "all": ec2_backends})
    assert len(content) < 300
    assert list(references.values()) == [backend]
    assert pickling.load(content) == {"backend": backend, "all": ec2_backends}


def test_private_keys_and_motos_dictionaries_come_back() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert _round(key).private_numbers() == key.private_numbers()
    parameters = ParameterDict(ACCOUNT, "us-east-1")
    parameters["mine"].append("v")
    copy = _round(parameters)
    assert (type(copy), dict(copy)) == (ParameterDict, {"mine": ["v"]})


_LEAVES = st.none() | st.integers() | st.text() | st.binary()


@given(st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
@settings(max_examples=50)
def test_plain_state_is_itself(state: Any) -> None:
    assert _round(state) == state


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
def commits(store: Store) -> Iterator[Commits]:
    running = Commits(Gate(), Snapshots(), store)
    running.start()
    yield running
    running.stop()


def _iam() -> IAMBackend:
    backend: IAMBackend = iam_backends[ACCOUNT]["aws"]
    return backend


def test_only_what_changed_is_written(store: Store, commits: Commits) -> None:
    _iam().create_user("us-east-1", "one")
    sns_backends[ACCOUNT]["us-east-1"].create_topic("t")
    commits.wait(commits.ask([_iam(), sns_backends[ACCOUNT]["us-east-1"]]))
    before = {snapshot.name: snapshot.content for snapshot in store.load()}
    assert commits.count == 1
    commits.wait(commits.ask([_iam()]))
    assert commits.count == 1  # nothing had changed
    _iam().create_user("us-east-1", "two")
    commits.wait(commits.ask([_iam()]))
    after = {snapshot.name: snapshot.content for snapshot in store.load()}
    changed = {name for name in after if after[name] != before.get(name)}
    assert [name for name in changed if "IAM" in name] == list(changed)


def test_backends_that_share_an_object_become_one_snapshot(store: Store, commits: Commits) -> None:
    iam, sts = _iam(), sts_backends[ACCOUNT]["aws"]
    commits.wait(commits.ask([iam, sts]))
    assert sum("STSBackend" in s.name and "IAMBackend" in s.name for s in store.load()) == 0
    role = sts.assume_role("us-east-1", "session", f"arn:aws:iam::{ACCOUNT}:role/r", "", 900, "")
    commits.wait(commits.ask([iam, sts]))
    (joint,) = [snapshot for snapshot in store.load() if "STSBackend" in snapshot.name]
    assert "IAMBackend" in joint.name
    assert sum("IAMBackend" in snapshot.name for snapshot in store.load()) == 1

    key = role.access_key_id
    Snapshots().restore(joint)
    assert sts_backends[ACCOUNT]["aws"].assumed_roles[-1].access_key is _iam().access_keys[key]


def test_what_changed_unasked_is_saved_at_the_end(store: Store) -> None:
    commits = Commits(Gate(), Snapshots(), store)
    commits.start()
    commits.note([_iam()])
    _iam().create_user("us-east-1", "unasked")
    commits.stop()
    assert any(b"unasked" in snapshot.content for snapshot in store.load())


def test_who_cannot_be_saved_is_told_and_retried(store: Store, commits: Commits) -> None:
    commits.wait(commits.ask([_iam()]))
    pages = store._db.execute("pragma page_count").fetchone()[0]
    store._db.execute(f"pragma max_page_count = {pages}")
    for number in range(200):
        _iam().create_user("us-east-1", f"many-{number}")
    with pytest.raises(CommitFailed, match="full"):
        commits.wait(commits.ask([_iam()]))
    assert "cannot be saved" in commits.problems()[0].what
    store._db.execute("pragma max_page_count = 1073741823")
    commits.wait(commits.ask([sns_backends[ACCOUNT]["us-east-1"]]))  # another's write brings it along
    assert commits.problems() == []
    (saved,) = [snapshot for snapshot in store.load() if "IAMBackend" in snapshot.name]
    assert b"many-199" in saved.content


def test_what_cannot_be_pickled_is_a_problem_until_it_can(commits: Commits) -> None:
    backend = sns_backends[ACCOUNT]["eu-west-1"]
    backend.unsaveable = (n for n in range(3))
    commits.wait(commits.ask([backend]))
    (problem,) = commits.problems()
    assert "SNSBackend" in problem.what
    assert "generator" in problem.why
    del backend.unsaveable
    commits.wait(commits.ask([backend]))
    assert commits.problems() == []


def test_the_gate_lets_others_in_while_its_holder_waits() -> None:
    gate = Gate()
    inside = threading.Event()

    def enter() -> None:
        with gate:
            inside.set()

    with gate:
        other = threading.Thread(target=enter)
        other.start()
        assert not inside.wait(0.05)
        gate.releasing(lambda: inside.wait(5))()
        assert inside.is_set()
    other.join()
