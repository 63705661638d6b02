"""How the tests of this folder read a file: bytes in, extract out."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import yaml

from pipelines.shop import Source
from pipelines.sources import Extract, Mapping, TableBatch, extract_file, load_mapping

WRITTEN = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)


def utc(text: str) -> datetime:
    """An instant as frames hold it: UTC without zone."""
    return datetime.fromisoformat(text)


def mapping_of(text: str) -> Mapping:
    return Mapping.model_validate(yaml.safe_load(text))


def read_file(
    path: Path, mapping: Mapping | str, *, zone="Asia/Tokyo", source_zone=None, **options
) -> Extract:
    used = load_mapping(mapping, path.parent) if isinstance(mapping, str) else mapping
    source = Source(key="test", files=path.name, mapping=used.key, zone=source_zone, **options)
    return extract_file(path, source, zone=zone, mapping=used, observed_at=WRITTEN)


def read_bytes(folder: Path, content: bytes, mapping: Mapping | str, *, name: str = "f.csv", **kw):
    path = folder / name
    path.write_bytes(content)
    return read_file(path, mapping, **kw)


def batch(extract: Extract, table: str) -> TableBatch:
    return next(b for b in extract.batches if b.table == table)


def rows(extract: Extract, table: str, *columns: str) -> list[tuple]:
    return batch(extract, table).frame.select(columns).rows()


def rejected(extract: Extract, table: str) -> list[tuple]:
    found = batch(extract, table).rejects
    return found.select("row_no", "reason_code", "column_name").rows()


def assert_conserved(extract: Extract) -> None:
    for part in extract.batches:
        assert part.rows_read == part.frame.height + part.rejects.height + part.duplicates
        assert isinstance(part.frame, pl.DataFrame)
