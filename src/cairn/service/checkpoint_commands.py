"""The checkpoint logs at the endpoint: their checkpoints, files and proofs, behind `gateway.admin`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from cairn.cloudtrail.checkpoints.leaf import origin
from cairn.cloudtrail.checkpoints.logs import CheckpointLogs, Log
from cairn.cloudtrail.checkpoints.note import unsigned_checkpoint
from cairn.cloudtrail.checkpoints.tiles import WIDTH, parse_path
from cairn.cloudtrail.trail import parse_arn
from cairn.core.errors import CairnError
from cairn.gateway.admin import Answer, whole


class CheckpointCommands:
    """The answers, by method and name. They tell what is published, and never what is only signed."""

    def __init__(self, logs: CheckpointLogs) -> None:
        self._logs = logs

    def answers(self) -> dict[tuple[str, str], Answer]:
        return {
            ("GET", "checkpoint"): self.checkpoint,
            ("GET", "checkpoint-file"): self.file,
            ("GET", "checkpoint-proof"): self.proof,
        }

    def checkpoint(self, query: Mapping[str, str], body: bytes) -> Any:
        """The newest checkpoints, of all trails or of the one that `trail` names by its ARN, who signs them, and which
        bucket and folder have them; empty while they are to be put again."""
        wanted = query.get("trail", "")
        return {
            "logs": [
                {
                    "trail": log.trail,
                    "origin": origin(parse_arn(log.trail)),
                    "key": log.key,
                    "checkpoint": log.published_note,
                    "place": log.published_place,
                }
                for log in self._logs.all()
                if log.published_note and wanted in ("", log.trail)
            ]
        }

    def file(self, query: Mapping[str, str], body: bytes) -> Any:
        """A tile or a bundle of entries by its `path`, base64."""
        log = self._log(query)
        tile = parse_path(query.get("path", ""))
        if tile is None:
            raise CairnError(f"{query.get('path', '')!r} is no file of a checkpoint log")
        if (tile.start + tile.width) * WIDTH ** (tile.level or 0) > log.published_size:
            raise CairnError(f"{tile.path} is not published")
        return {"content": base64.b64encode(self._logs.file(log, tile)).decode()}

    def proof(self, query: Mapping[str, str], body: bytes) -> Any:
        """That entry `index` is in the published tree, or that this begins with the tree of `old` entries."""
        log = self._log(query)
        size = log.published_size
        if "index" in query:
            proof = self._logs.inclusion(log, whole(query["index"], "entries"), size)
        else:
            proof = self._logs.consistency(log, whole(query.get("old", ""), "entries"), size)
        root = unsigned_checkpoint(log.published_note).root
        return {"size": size, "root": _base64(root), "proof": [_base64(one) for one in proof]}

    def _log(self, query: Mapping[str, str]) -> Log:
        found = self._logs.find(parse_arn(query.get("trail", "")))
        if found is None or not found.published_note:
            raise CairnError(f"there is no checkpoint log of {query.get('trail', '')}")
        return found


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
