"""The Merkle tree of RFC 6962: its hashes, and proofs that an entry is in it and that it only grew. Pure.

A tree is known by its perfect subtrees: the node at `height` h and `index` i covers the entries from i * 2^h on. So the
same functions work over a database, over tiles, and over a list in memory (section 2.1 of the RFC).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol

from cairn.core.errors import CairnError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Proof = list[bytes]
"""Hashes, from the bottom of the tree up."""


class BadProof(CairnError):
    """A proof does not prove what it should."""


class Nodes(Protocol):
    """A tree's perfect subtrees."""

    def node(self, height: int, index: int) -> bytes:
        """The hash of the entries from `index << height` on, `1 << height` of them."""


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(nodes: Nodes, size: int) -> bytes:
    """The hash of the first `size` entries."""
    return _subtree(nodes, 0, size) if size else EMPTY_ROOT


def inclusion_proof(nodes: Nodes, index: int, size: int) -> Proof:
    """That the entry at `index` is in the tree of the first `size` entries (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise BadProof(f"there is no entry {index} in a tree of {size}")
    proof: Proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_subtree(nodes, middle, end))
            end = middle
        else:
            proof.append(_subtree(nodes, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(nodes: Nodes, old: int, new: int) -> Proof:
    """That the tree of the first `new` entries begins with that of the first `old` (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise BadProof(f"a tree of {old} entries does not grow into one of {new}")
    proof: Proof = []
    start, end = 0, new
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_subtree(nodes, middle, end))
            end = middle
        else:
            proof.append(_subtree(nodes, start, middle))
            start = middle
    if start:
        proof.append(_subtree(nodes, start, end))  # the old tree's right edge; the whole old tree is known anyway
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> None:
    """Check a proof that the entry whose `leaf_hash` is `leaf` stands at `index` (RFC 9162, 2.1.3.2).

    Raises:
        BadProof: it does not prove that.
    """
    if not 0 <= index < size:
        raise BadProof(f"there is no entry {index} in a tree of {size}")
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise BadProof("the proof is too long")
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last or found != root_hash:
        raise BadProof("the entry is not in the tree")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check a proof that a tree only grew (RFC 9162, 2.1.4.2).

    Raises:
        BadProof: it does not prove that.
    """
    if not 0 <= old <= new:
        raise BadProof(f"a tree of {old} entries does not grow into one of {new}")
    if old in (0, new):
        known = EMPTY_ROOT if old == 0 else new_root
        if proof or old_root != known:
            raise BadProof("two different trees of one size")
        return
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise BadProof("the proof is empty")
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadProof("the proof is too long")
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        place, last = place >> 1, last >> 1
    if last or before != old_root or after != new_root:
        raise BadProof("the new tree does not begin with the old one")


class Accumulator:
    """The root of entries that are seen one after the other, in memory for their perfect subtrees alone."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []  # from the largest subtree to the smallest

    def add(self, leaf: bytes) -> None:
        """Append the hash of the next leaf."""
        self._edge.append(leaf)
        full = self.size
        while full & 1:
            right = self._edge.pop()
            self._edge[-1] = node_hash(self._edge[-1], right)
            full >>= 1
        self.size += 1

    def root(self) -> bytes:
        return fold(self._edge)


def fold(subtrees: Iterable[bytes]) -> bytes:
    """The root over a tree's largest perfect subtrees, given from the left to the right."""
    edge = list(subtrees)
    if not edge:
        return EMPTY_ROOT
    found = edge.pop()
    while edge:
        found = node_hash(edge.pop(), found)
    return found


def _subtree(nodes: Nodes, start: int, end: int) -> bytes:
    """The hash of a range that the RFC's splitting leads to: its perfect subtrees are nodes of the tree."""
    edge = []
    while start < end:
        height = (end - start).bit_length() - 1
        edge.append(nodes.node(height, start >> height))
        start += 1 << height
    return fold(edge)


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
