"""A closed build file and a manifest, as dbt would leave them, from literal SQL."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from pipelines.settings import DBT_PROJECT, Home

MACROS = "".join(
    (DBT_PROJECT / "macros" / name).read_text(encoding="utf-8")
    for name in ("intervals.sql", "small_numbers.sql")
)
NEEDED = {
    "wilson_low": ("wilson_low_at",),
    "wilson_high": ("wilson_high_at",),
    "newcombe_low": ("newcombe_low_at",),
    "newcombe_high": ("newcombe_high_at",),
    "wilson_low_at": (),
    "wilson_high_at": (),
    "newcombe_low_at": ("wilson_low_at", "wilson_high_at"),
    "newcombe_high_at": ("wilson_low_at", "wilson_high_at"),
    "is_small": (),
    "is_hidden": (),
}


@dataclass(frozen=True)
class ShopStub:
    id: str = "demo"
    name: str = "Demo"
    timezone: str = "Asia/Tokyo"
    currency: str = "JPY"
    is_demo: bool = True


@dataclass(frozen=True)
class RunStub:
    as_of_at: dt.datetime = dt.datetime(2026, 11, 19, 21, 5, tzinfo=dt.UTC)
    settings_version: str = "settings1"
    code_version: str = "code1"


@dataclass(frozen=True)
class ModelSpec:
    """One model: `select` makes its rows; `columns` describe them (name → meta)."""

    name: str
    select: str
    schema: str = "marts"
    tags: Sequence[str] = ()
    columns: Mapping[str, Mapping[str, object]] | None = None
    description: str = "One row per thing."
    frame: pl.DataFrame | None = None
    meta: Mapping[str, object] = field(default_factory=dict)


PRIVATE = (
    ModelSpec(
        "dim_person_contacts",
        "select 'demo' as shop_id, 'p1' as person_id, 'hanako@example.jp' as email",
        schema="private",
        tags=("pii",),
    ),
    ModelSpec("int_persons__keys", "select 'demo' as shop_id, 'p1' as person_id", "intermediate"),
    ModelSpec(
        "int_persons__contactable",
        "select 'demo' as shop_id, true as is_contactable",
        "intermediate",
    ),
    ModelSpec(
        "int_recovery__shop_mails", "select 'demo' as shop_id, 'p1' as person_id", "intermediate"
    ),
)


def macros() -> dict[str, object]:
    """The manifest's share of macros, cut from the project's own file."""
    found = {}
    for name, needs in NEEDED.items():
        start = MACROS.index("{% macro " + name + "(")
        end = MACROS.index("{%- endmacro %}", start) + len("{%- endmacro %}")
        found[f"macro.okaeri.{name}"] = {
            "name": name,
            "package_name": "okaeri",
            "macro_sql": MACROS[start:end],
            "depends_on": {"macros": [f"macro.okaeri.{n}" for n in needs]},
        }
    return found


def manifest_of(home: Home) -> Path:
    """Where `write_build` leaves the manifest."""
    return home.warehouse.parent / "target" / "manifest.json"


def write_build(home: Home, models: Sequence[ModelSpec]) -> Path:
    """Build file and `target/manifest.json` of these models; the path of the build file."""
    home.warehouse.parent.mkdir(parents=True, exist_ok=True)
    home.warehouse.unlink(missing_ok=True)
    nodes = {}
    with duckdb.connect(str(home.warehouse)) as connection:
        for model in models:
            frame = model.frame
            if frame is not None:
                connection.register("given", frame)
            connection.execute(f"create schema if not exists {model.schema}")
            connection.execute(f"create table {model.schema}.{model.name} as {model.select}")
            nodes[f"model.okaeri.{model.name}"] = {
                "resource_type": "model",
                "name": model.name,
                "alias": model.name,
                "schema": model.schema,
                "description": model.description,
                "tags": list(model.tags),
                "config": {
                    "materialized": "table",
                    "meta": dict(model.meta),
                    "tags": list(model.tags),
                },
                "columns": {
                    name: {
                        "name": name,
                        "description": f"About {name}.",
                        "config": {"meta": dict(meta)},
                    }
                    for name, meta in (model.columns or {}).items()
                },
            }
    manifest_of(home).parent.mkdir(exist_ok=True)
    manifest = {"metadata": {"project_name": "okaeri"}, "nodes": nodes, "macros": macros()}
    manifest_of(home).write_text(json.dumps(manifest))
    return home.warehouse
