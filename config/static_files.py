"""Static files under hashed names, with the store's stylesheet in one piece.

In the tree it is an index of forty small files, each imported into its layer; a browser on a slow line would fetch the index
and then forty more before it paints. collectstatic writes the imported files in the places of their imports.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

INDEX = "css/store.css"
IMPORT = re.compile(r'^@import url\("(?P<path>[^"]+)"\) layer\((?P<layer>\w+)\);$', re.MULTILINE)

Paths = Mapping[str, tuple[Storage, str]]


def in_one_piece(index: str, paths: Paths) -> str:
    """The stylesheet `index` with each import replaced by its file, in its layer. Raises KeyError for an unknown file."""

    def imported(found: "re.Match[str]") -> str:
        text = _read(paths, posixpath.join(posixpath.dirname(index), found["path"]))
        return f"@layer {found['layer']} {{\n{text}}}"

    return IMPORT.sub(imported, _read(paths, index))


def _read(paths: Paths, name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())


class _InOnePiece(ManifestStaticFilesStorage):
    def post_process(self, paths: Paths, *args: Any, **options: Any) -> Iterator[Any]:
        if INDEX in paths:
            whole = InMemoryStorage()
            whole.save(INDEX, ContentFile(in_one_piece(INDEX, paths).encode()))
            paths = {**paths, INDEX: (whole, INDEX)}
        return super().post_process(paths, *args, **options)


class Hashed(_InOnePiece):
    """For the demo: nobody is far away."""


class HashedAndCompressed(_InOnePiece, CompressedManifestStaticFilesStorage):
    """For production: 24 s of Brotli."""
