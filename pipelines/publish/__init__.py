"""Warehouse → immutable published file, private file, catalogue and one pointer.

Readers never meet the build file: they open what `CURRENT.json` names, read-only and locked. A
publish that fails leaves yesterday's pointer where it was.
"""

from pipelines.publish.errors import (
    BuildNotClosed,
    CatalogueIncomplete,
    NothingPublished,
    PersonalDataExposed,
    PublishError,
)
from pipelines.publish.pointer import (
    KEPT_SNAPSHOTS,
    POINTER_NAME,
    Pointer,
    pointer_if_whole,
    read_pointer,
)
from pipelines.publish.reader import Published, locate, open_published
from pipelines.publish.said import said
from pipelines.publish.writer import Snapshot, publish

__all__ = [
    "KEPT_SNAPSHOTS",
    "POINTER_NAME",
    "BuildNotClosed",
    "CatalogueIncomplete",
    "NothingPublished",
    "PersonalDataExposed",
    "Pointer",
    "PublishError",
    "Published",
    "Snapshot",
    "locate",
    "open_published",
    "pointer_if_whole",
    "publish",
    "read_pointer",
    "said",
]
