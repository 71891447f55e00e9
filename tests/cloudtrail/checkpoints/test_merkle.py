"""The tree and its proofs, against the RFC's definitions taken word by word and against known roots."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudtrail.checkpoints.merkle import (
    EMPTY_ROOT,
    Accumulator,
    BadProof,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from cairn.cloudtrail.checkpoints.tiles import (
    HEIGHT,
    WIDTH,
    Tile,
    TileDamaged,
    pack_entries,
    parse_path,
    published_nodes,
    tiles_of,
    unpack_entries,
    unpack_hashes,
)

LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first 0, 1, ... 8 leaves: the reference tree of the certificate transparency project."""


class Listed:
    """`Nodes` over entries in memory, each hash worked out anew."""

    def __init__(self, entries: list[bytes]) -> None:
        self._entries = entries

    def node(self, height: int, index: int) -> bytes:
        return mth(self._entries[index << height : (index + 1) << height])


def mth(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\1" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.2; PROOF(m, D[n]) = SUBPROOF(m, D[n], true)."""
    if m == len(entries):
        return [] if known else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], known), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def entries_of(size: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_tree(size: int) -> None:
    assert root(Listed(LEAVES), size).hex() == ROOTS[size] == mth(LEAVES[:size]).hex()
    tree = Accumulator()
    for leaf in LEAVES[:size]:
        tree.add(leaf_hash(leaf))
    assert tree.root().hex() == ROOTS[size]


def test_every_proof_of_small_trees_is_the_rfcs_and_holds() -> None:
    entries = entries_of(40)
    nodes = Listed(entries)
    for size in range(1, 41):
        whole = mth(entries[:size])
        for index in range(size):
            proof = inclusion_proof(nodes, index, size)
            assert proof == path(index, entries[:size])
            verify_inclusion(leaf_hash(entries[index]), index, size, proof, whole)
        for old in range(1, size + 1):
            proof = consistency_proof(nodes, old, size)
            assert proof == subproof(old, entries[:size], True)
            verify_consistency(old, mth(entries[:old]), size, whole, proof)


@settings(deadline=None)
@given(st.data())
def test_a_proof_that_was_altered_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 60))
    entries = entries_of(size)
    nodes = Listed(entries)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    inclusion, consistency = inclusion_proof(nodes, index, size), consistency_proof(nodes, old, size)
    place = data.draw(st.integers(0, 200))
    for proof in (inclusion, consistency):
        if place % 3 == 0 and proof:
            proof[place % len(proof)] = hashlib.sha256(b"forged").digest()
        elif place % 3 == 1 and proof:
            del proof[place % len(proof)]
        else:
            proof.insert(place % (len(proof) + 1), hashlib.sha256(b"more").digest())
    with pytest.raises(BadProof):
        verify_inclusion(leaf_hash(entries[index]), index, size, inclusion, mth(entries))
    with pytest.raises(BadProof):
        verify_consistency(old, mth(entries[:old]), size, mth(entries), consistency)


def test_a_tree_that_was_cut_or_forked_is_not_consistent() -> None:
    entries = entries_of(20)
    forked = [*entries[:7], b"other", *entries[8:]]
    with pytest.raises(BadProof):
        verify_consistency(20, mth(entries), 10, mth(entries[:10]), [])
    with pytest.raises(BadProof, match="one size"):
        verify_consistency(20, mth(entries), 20, mth(forked), [])
    with pytest.raises(BadProof):
        verify_consistency(10, mth(entries[:10]), 20, mth(forked), consistency_proof(Listed(forked), 10, 20))
    with pytest.raises(BadProof):
        verify_inclusion(leaf_hash(b"other"), 7, 20, inclusion_proof(Listed(entries), 7, 20), mth(entries))
    verify_consistency(0, EMPTY_ROOT, 20, mth(entries), [])


@given(st.integers(0, 300_000), st.integers(0, 300_000))
def test_growing_makes_exactly_the_files_that_were_not_there(one: int, other: int) -> None:
    old, new = sorted((one, other))
    before, after = set(tiles_of(old)), set(tiles_of(new))
    assert set(tiles_of(new, old)) == after - before
    assert {tile.path for tile in after - before}.isdisjoint(tile.path for tile in before)
    assert all(parse_path(tile.path) == tile for tile in after)


def test_a_tree_of_70000_entries_has_the_tiles_that_c2sp_names() -> None:
    tiles = [tile for tile in tiles_of(70_000) if tile.level is not None]
    assert len([tile for tile in tiles if tile.level == 0 and tile.width == WIDTH]) == 273
    assert [tile for tile in tiles if tile.width < WIDTH] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [tile for tile in tiles_of(256) if tile.level is not None] == [Tile(0, 0, 256), Tile(1, 0, 1)]
    assert Tile(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert Tile(None, 273, 112).path == "tile/entries/273.p/112"
    for path in ("tile/0/0", "tile/00/000", "tile/0/x000/000", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/../000"):
        assert parse_path(path) is None


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600, 1025])
def test_proofs_are_read_from_tiles(size: int) -> None:
    entries = entries_of(size)
    files = published(entries)
    nodes = published_nodes(files.__getitem__, size)
    whole = Accumulator()
    for entry in entries:
        whole.add(leaf_hash(entry))
    assert root(nodes, size) == whole.root()
    for index in {0, 1 % size, size // 2, size - 1}:
        verify_inclusion(leaf_hash(entries[index]), index, size, inclusion_proof(nodes, index, size), whole.root())
    for old in {1, size // 2 or 1, size}:
        before = Accumulator()
        for entry in entries[:old]:
            before.add(leaf_hash(entry))
        verify_consistency(old, before.root(), size, whole.root(), consistency_proof(nodes, old, size))


def published(entries: list[bytes]) -> dict[str, bytes]:
    """The files of a tree, each worked out from its definition."""
    files = {}
    for tile in tiles_of(len(entries)):
        if tile.level is None:
            files[tile.path] = pack_entries(entries[tile.start : tile.start + tile.width])
            continue
        span = 1 << (HEIGHT * tile.level)
        hashes = [mth(entries[n * span : (n + 1) * span]) for n in range(tile.start, tile.start + tile.width)]
        files[tile.path] = b"".join(hashes)
    return files


def test_bundles_and_tiles_of_another_width_are_refused() -> None:
    entries = [b"", b"a", b"b" * 300]
    assert unpack_entries(pack_entries(entries), 3) == entries
    for damaged in (pack_entries(entries)[:-1], pack_entries(entries) + b"\0", pack_entries(entries[:2])):
        with pytest.raises(TileDamaged):
            unpack_entries(damaged, 3)
    with pytest.raises(TileDamaged):
        unpack_hashes(b"x" * 33, 1)
    assert node_hash(b"a" * 32, b"b" * 32) != node_hash(b"b" * 32, b"a" * 32)
