"""The faults of the object store in memory. Its contract is tested in `test_objects_contract.py`."""

from __future__ import annotations

import hashlib

import pytest

from cairn.core.memory_objects import MemoryObjectStore
from cairn.core.objects import ObjectStoreError


def put(store: MemoryObjectStore, key: str, content: bytes, **options: str) -> None:
    store.put("logs", key, content, sha256=hashlib.sha256(content).hexdigest(), **options)


def test_an_away_store_answers_nothing_and_keeps_what_it_has() -> None:
    store = MemoryObjectStore("logs")
    put(store, "a", b"1")
    store.faults.away = True
    with pytest.raises(ObjectStoreError) as caught:
        store.get("logs", "a")
    assert caught.value.code == ""
    store.faults.away = False
    assert store.get("logs", "a") == b"1"


def test_a_refusing_bucket_gives_its_code() -> None:
    store = MemoryObjectStore("logs", "other")
    store.faults.refused["logs"] = "AccessDenied"
    with pytest.raises(ObjectStoreError) as caught:
        put(store, "a", b"1")
    assert caught.value.code == "AccessDenied"
    assert list(store.list("other")) == []


def test_a_refused_key_stops_only_that_key() -> None:
    store = MemoryObjectStore("logs")
    store.faults.refused_keys["a"] = "InternalError"
    with pytest.raises(ObjectStoreError):
        put(store, "a", b"1")
    put(store, "b", b"1")
    assert list(store.content("logs")) == ["b"]


def test_failed_puts_store_nothing_and_lost_replies_store_all() -> None:
    store = MemoryObjectStore("logs")
    store.faults.fail_puts = 1
    with pytest.raises(ObjectStoreError):
        put(store, "a", b"1")
    assert store.puts == 0
    store.faults.lose_replies = 1
    with pytest.raises(ObjectStoreError):
        put(store, "a", b"1")
    assert store.get("logs", "a") == b"1"
    put(store, "a", b"2")
    assert store.puts == 2


def test_a_refused_kms_key_stops_only_encrypted_puts() -> None:
    store = MemoryObjectStore("logs")
    store.faults.refuse_kms_key = "KMS.DisabledException"
    put(store, "a", b"1")
    with pytest.raises(ObjectStoreError) as caught:
        put(store, "b", b"1", kms_key="arn:aws:kms:us-east-1:111122223333:key/k")
    assert caught.value.code == "KMS.DisabledException"


def test_replacing_shows_in_a_read() -> None:
    store = MemoryObjectStore("logs")
    put(store, "a", b"genuine")
    store.replace("logs", "a", b"forged!!")
    assert store.get("logs", "a") == b"forged!!"
    assert store.head("logs", "a").size == 8
