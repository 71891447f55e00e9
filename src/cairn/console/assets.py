"""The built pages: files of a folder, each known by name from the start, and one page for every other path."""

from __future__ import annotations

import mimetypes
from functools import lru_cache
from pathlib import Path

from isal import igzip

from cairn.console.exchange import bare, page
from cairn.wire.http import Headers, Request, Response

FOLDER = Path(__file__).parent / "assets"
INDEX = "index.html"
HASHED = "assets/"
"""Where the build puts files that are named by their content."""
CACHED_FILES_MAX = 256
GZIP_BYTES_MIN = 1024
_TEXTS = ("text/", "application/javascript", "application/json", "image/svg+xml")
_MISSING = b"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Cairn</title></head>
<body><h1>The console was not built</h1>
<p>This Cairn was installed without its pages. Its API answers under <code>/console/api/</code>.</p>
<p>Install it from its wheel, or build the pages: <code>make setup</code> in the source tree.</p>
</body></html>
"""


class Assets:
    """Answers GET and HEAD of paths behind `/console/`.

    Only names that were in the folder at the start are answered from it, so no path leads out of it.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        found = folder.rglob("*") if folder.is_dir() else ()
        self._files = {path.relative_to(folder).as_posix(): path for path in found if path.is_file()}
        self._read = lru_cache(CACHED_FILES_MAX)(_read)

    def answer(self, name: str, request: Request) -> Response:
        """The file of that name, or the index: a route of the pages' own, which they look at themselves."""
        path = self._files.get(name)
        if path is not None and name != INDEX:
            return self._file(name, path, request)
        if name.startswith(HASHED):  # of another build: a page in a script's place would only confuse
            return bare(b"There is no such file.\n", "text/plain; charset=utf-8", status=404)
        index = self._files.get(INDEX)
        return page(self._read(index)[0]) if index is not None else page(_MISSING, status=503)

    def _file(self, name: str, path: Path, request: Request) -> Response:
        plain, zipped = self._read(path)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if kind.startswith(_TEXTS):
            kind += "; charset=utf-8"
        keep = "public, max-age=31536000, immutable" if name.startswith(HASHED) else "no-cache"
        headers = Headers([("content-type", kind), ("cache-control", keep), ("vary", "accept-encoding")])
        if zipped and "gzip" in request.headers.get("accept-encoding"):
            headers.add("content-encoding", "gzip")
            return Response(200, headers, zipped)
        return Response(200, headers, plain)


def _read(path: Path) -> tuple[bytes, bytes]:
    """A file, and the same compressed where that is worth it."""
    plain = path.read_bytes()
    zipped = igzip.compress(plain, mtime=0) if len(plain) >= GZIP_BYTES_MIN else b""
    return plain, zipped if len(zipped) < len(plain) else b""
