"""The public keys that digests are verified with: from files, or asked for region by region."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from cairn.cloudtrail.digests.signature import NoPublicKey, PublicKey
from cairn.core.errors import Misuse

Ask = Callable[[str], Iterable[Mapping[str, Any]]]
"""The items of ListPublicKeys' answer for a region."""


class PublicKeys:
    """Keys by fingerprint. Those of files serve for all regions.

    Args:
        ask: where keys of a region are had that no file has.
    """

    def __init__(self, items: Iterable[Mapping[str, Any]] = (), ask: Ask | None = None) -> None:
        self._ask = ask
        self._asked: set[str] = set()
        self._keys: dict[str, PublicKey | None] = {}
        self._take(items)

    @classmethod
    def of_files(cls, paths: Iterable[Path], ask: Ask | None = None) -> PublicKeys:
        """Keys as `aws cloudtrail list-public-keys` prints them.

        Raises:
            Misuse: a file is not such a one.
        """
        return cls((item for path in paths for item in _items(path)), ask)

    def find(self, fingerprint: str, region: str) -> PublicKey | None:
        """The key of that fingerprint, or None if nobody has it.

        Raises:
            NoPublicKey: it is there and is no RSA key.
        """
        if fingerprint not in self._keys and self._ask is not None and region not in self._asked:
            self._asked.add(region)
            self._take(self._ask(region))
        if fingerprint not in self._keys:
            return None
        key = self._keys[fingerprint]
        if key is None:
            raise NoPublicKey(f"the key with fingerprint {fingerprint} is no RSA public key in PKCS#1")
        return key

    def _take(self, items: Iterable[Mapping[str, Any]]) -> None:
        for item in items:
            self._keys[str(item.get("Fingerprint"))] = _loaded(item.get("Value"))


def _items(path: Path) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise Misuse(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{path} is no JSON: {error}") from error
    listed = found.get("PublicKeyList") if isinstance(found, dict) else found
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise Misuse(f"{path} has no PublicKeyList", advice="Save the output of `aws cloudtrail list-public-keys`.")
    return listed


def _loaded(value: object) -> PublicKey | None:
    try:
        der = base64.b64decode(value) if isinstance(value, str) else value
        return PublicKey.load(der) if isinstance(der, bytes) else None
    except (NoPublicKey, ValueError):
        return None
