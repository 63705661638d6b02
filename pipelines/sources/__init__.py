"""The outside world → canonical frames: a source is a mapping file over a checked raw file."""

from pipelines.sources.extract import (
    Extract,
    capabilities_of,
    extract_file,
    files_of,
    identity,
    status_defaults,
)
from pipelines.sources.headers import header_in
from pipelines.sources.load import load_mapping, mappings, read_mapping
from pipelines.sources.losses import Loss, losses
from pipelines.sources.mapping import Note, TableBatch
from pipelines.sources.model import Mapping
from pipelines.sources.recognise import Candidate, Seen, look_at, recognise
from pipelines.sources.refusals import FileRefused, MappingBroken

__all__ = [
    "Candidate",
    "Extract",
    "FileRefused",
    "Loss",
    "Mapping",
    "MappingBroken",
    "Note",
    "Seen",
    "TableBatch",
    "capabilities_of",
    "extract_file",
    "files_of",
    "header_in",
    "identity",
    "load_mapping",
    "look_at",
    "losses",
    "mappings",
    "read_mapping",
    "recognise",
    "status_defaults",
]
