"""One raw file → everything it gives, through its source's mapping."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from pipelines.shop import Shop, Source, StatusRow
from pipelines.sources.binary import read_excel, read_parquet
from pipelines.sources.columns import Context
from pipelines.sources.documents import read_documents
from pipelines.sources.files import CAPS, Caps, Opened, digest_of, open_file
from pipelines.sources.headers import Headers, resolve
from pipelines.sources.load import load_mapping
from pipelines.sources.mapping import TableBatch, apply_mapping
from pipelines.sources.model import Mapping, Read
from pipelines.sources.raw import RawTable
from pipelines.sources.text import read_delimited, read_fixed


class _Reader(Protocol):
    def __call__(self, opened: Opened, read: Read, *, caps: Caps = CAPS) -> RawTable: ...


_READERS: Final[dict[str, _Reader]] = {
    "csv": read_delimited,
    "tsv": read_delimited,
    "fixed": read_fixed,
    "json": read_documents,
    "ndjson": read_documents,
    "excel": read_excel,
    "parquet": read_parquet,
}


@dataclass(frozen=True)
class Extract:
    """Everything one raw file gives.

    Shape: one batch per canonical table. `mapping_version` changes when the mapping or the
    source's options change, so that the same file is then read anew.
    """

    source_key: str
    file_name: str
    sha256: str
    nbytes: int
    encoding: str | None
    mapping_key: str
    mapping_version: str
    rows_raw: int
    batches: tuple[TableBatch, ...]
    headers: tuple[str, ...] = ()
    headers_used: tuple[str, ...] = ()
    headers_missing: tuple[str, ...] = ()


def extract_file(
    path: Path,
    source: Source,
    *,
    zone: str,
    mapping: Mapping | None = None,
    currency: str = "JPY",
    folder: Path | None = None,
    observed_at: datetime | None = None,
) -> Extract:
    """What the file gives; `zone` and `currency` are the shop's, `folder` is where shop.yml lies.

    `observed_at` dates what the file does not (a bare consent flag): else when it was written.

    Raises: FileRefused when the file cannot be trusted, MappingBroken when the mapping cannot.
    """
    used = _mapping(source, mapping, folder=folder or path.parent)
    opened, raw = _read(path, used)
    headers = resolve(used, raw, file=path.name, aliases=source.aliases)
    constants = {
        "currency": currency,
        "source": source.key,
        "file": Path(opened.content_name).stem,
        "zone": zone,
        "observed_at": (observed_at or opened.written_at).astimezone(UTC).isoformat(),
    }
    context = Context(used.system, _zone(used, source, zone=zone), constants)
    batches = apply_mapping(used, raw, headers=headers, context=context)
    version = _version(used, source, zone=zone, currency=currency)
    return _extract(
        opened, raw, batches, source=source, mapping=used, headers=headers, version=version
    )


def _extract(
    opened: Opened,
    raw: RawTable,
    batches: tuple[TableBatch, ...],
    *,
    source: Source,
    mapping: Mapping,
    headers: Headers,
    version: str,
) -> Extract:
    return Extract(
        source_key=source.key,
        file_name=opened.name,
        sha256=opened.sha256,
        nbytes=opened.nbytes,
        encoding=raw.encoding,
        mapping_key=mapping.key,
        mapping_version=version,
        rows_raw=raw.rows,
        batches=batches,
        headers=raw.headers,
        headers_used=tuple(sorted(headers.actual.values())),
        headers_missing=headers.missing(mapping.tables),
    )


def _read(path: Path, mapping: Mapping) -> tuple[Opened, RawTable]:
    opened = open_file(path)
    try:
        return opened, _READERS[mapping.read.format](opened, mapping.read)
    finally:
        opened.close()


def identity(path: Path, source: Source, *, shop: Shop) -> tuple[str, str]:
    """SHA-256 and mapping version an extract of the file would have, without reading its rows.

    Raises: FileRefused, MappingBroken.
    """
    mapping = _mapping(source, None, folder=shop.folder)
    version = _version(mapping, source, zone=shop.timezone, currency=shop.currency)
    return digest_of(path), version


def _mapping(source: Source, mapping: Mapping | None, *, folder: Path) -> Mapping:
    used = mapping or load_mapping(source.mapping, folder)
    return used.model_copy(update={"read": with_options(used.read, source)})


def _zone(mapping: Mapping, source: Source, *, zone: str) -> str:
    return source.zone or (zone if mapping.zone == "shop" else mapping.zone)


def with_options(read: Read, source: Source) -> Read:
    """The mapping's way of reading with what the source in shop.yml says otherwise."""
    changes: dict[str, object] = {}
    if source.encoding is not None:
        changes["encoding"] = "utf-8" if source.encoding == "utf-8-sig" else source.encoding
    if source.delimiter is not None:
        changes["delimiter"] = source.delimiter
    return read.model_copy(update=changes)


def _version(mapping: Mapping, source: Source, *, zone: str, currency: str) -> str:
    said = {
        "mapping": mapping.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "read": mapping.read.model_dump(mode="json"),
        "aliases": source.aliases,
        "zones": [_zone(mapping, source, zone=zone), zone],
        "currency": currency,
    }
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def files_of(shop: Shop, source: Source) -> list[Path]:
    """Files of the source, sorted by name.

    A name that is there as it is written is that one file, even with `[`, `*` or `?` in it.
    Links and pipes are listed too, so that they are refused aloud instead of passed over.
    """
    literal = shop.folder / source.files
    if literal.is_symlink() or literal.exists():
        return [literal] if not literal.is_dir() else []
    pattern = Path(source.files)
    root = Path(pattern.anchor) if pattern.is_absolute() else shop.folder
    relative = pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern
    return sorted(
        path
        for path in root.glob(str(relative))
        if (path.is_symlink() or not path.is_dir())
        and path.suffix != ".sha256"
        and not path.name.startswith(".")
    )


def status_defaults(shop: Shop, *, sources: Sequence[Source] | None = None) -> list[StatusRow]:
    """Order statuses as the shop's mappings know them, one row per source and status."""
    return [
        StatusRow(source.key, row.status, row.state, row.is_sale)
        for source in (shop.sources if sources is None else sources)
        for row in load_mapping(source.mapping, shop.folder).statuses
    ]


def capabilities_of(shop: Shop, source: Source) -> list[tuple[str, str, str | None]]:
    """What the source promises: entity, support and basis; shop.yml beats the mapping.

    A table the mapping fills and says nothing of is given in full.
    """
    mapping = load_mapping(source.mapping, shop.folder)
    promised: dict[str, tuple[str, str | None]] = {
        entry.table: ("full", None) for entry in mapping.tables
    }
    promised |= {
        entity: (capability.support, capability.basis)
        for entity, capability in mapping.capabilities.items()
    }
    promised |= {entity: (support, None) for entity, support in source.support.items()}
    return [(entity, support, basis) for entity, (support, basis) in sorted(promised.items())]
