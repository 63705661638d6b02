"""The whole dbt project as compiled SQL, run in an in-memory DuckDB: a second instead of a dbt start.

    from tests.compiled import marts_of

    warehouse = marts_of({"orders": [...], "events": [...]}, folder=tmp_path)
    warehouse = marts_of(rows, folder=tmp_path, only=["fct_orders"])  # and what it reads
    warehouse = marts_of(rows, folder=tmp_path, replace={"fct_orders": sql})  # own SQL of a model
    warehouse.execute("select * from marts.fct_orders")

`rows` are those of `tests.warehouse.build`. Schemas are the project's own (staging, intermediate,
marts, private, segments) beside `landing`, which holds the landed tables. `rebuild` runs some models
again with other SQL, and what reads them; `failing_checks` runs the project's data tests.

dbt compiles once per content of the project, into a folder of the machine's temporary one; every
process shares it. Unlike `dbt build` nothing is tested on the way.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Final

import duckdb

from pipelines.canonical import TABLES
from pipelines.settings import DBT_PROJECT
from tests.warehouse import AS_OF, SHOP, Row, run_dbt, write_landing

CACHE: Final = Path(tempfile.gettempdir()) / f"okaeri-compiled-{os.getuid()}"
KEPT: Final = 20
NOT_SOURCE: Final = ("target", "logs", ".user.yml")
# What dbt makes of `source('landing', …)` when the landing lies in the folder of this name.
LANDING: Final = re.compile(r"read_parquet\(\s*'@landing/(\w+)/[^)]*\)")


class ModelFailed(AssertionError):
    """A model's SQL did not run; the message names the model and says what DuckDB said."""


@dataclass(frozen=True)
class Model:
    """One model as dbt would run it. `columns` (name, type) are those of an enforced contract."""

    name: str
    relation: str
    code: str
    is_python: bool
    columns: tuple[tuple[str, str], ...]
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """One data test: its query gives the rows that break it."""

    name: str
    code: str
    models: tuple[str, ...]


@dataclass(frozen=True)
class Project:
    """Every model, parents first, and every data test, by name."""

    models: dict[str, Model]
    checks: dict[str, Check]

    def with_ancestors(self, names: Iterable[str]) -> set[str]:
        """`names` and every model they read, however far."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.models[name].parents
        return found

    def with_descendants(self, names: Iterable[str]) -> set[str]:
        """`names` and every model that reads them, however far."""
        found = set(names)
        for model in self.models.values():  # parents first: one walk is enough
            if not found.isdisjoint(model.parents):
                found.add(model.name)
        return found


def marts_of(
    rows: Mapping[str, Sequence[Row]],
    *,
    folder: Path,
    only: Collection[str] | None = None,
    replace: Mapping[str, str] | None = None,
    as_of: datetime = AS_OF,
    shop_ids: Iterable[str] = (SHOP,),
) -> duckdb.DuckDBPyConnection:
    """In-memory connection to the tables `dbt build` makes of `rows` (see `tests.warehouse.build`).

    `only` names models to stop at: they and all they read are built. `replace` gives some models
    another text, written in compiled SQL (`project().models[name].code` with a change, say).
    `folder` receives the landing.
    Raises: ModelFailed for SQL that does not run; KeyError for a model nobody knows.
    """
    landing = folder / "landing"
    write_landing(rows, landing, as_of=as_of, shop_ids=shop_ids)
    warehouse = duckdb.connect(":memory:", config={"memory_limit": "4GB"})
    for schema in ("landing", "staging", "intermediate", "marts", "private", "segments"):
        warehouse.execute(f"create schema {schema}")
    for name in TABLES:
        warehouse.execute(
            f"create table landing.{name} as select * from read_parquet("
            f"'{landing}/{name}/**/*.parquet', union_by_name = true, hive_partitioning = false)"
        )
    models = project().models
    wanted = models if only is None else project().with_ancestors(only)
    _run(warehouse, [name for name in models if name in wanted], replace or {})
    return warehouse


def rebuild(warehouse: duckdb.DuckDBPyConnection, *, replace: Mapping[str, str]) -> list[str]:
    """Models built again: those of `replace` with its SQL, and those that read them.

    Inside a transaction (`begin` … `rollback`) the warehouse is afterwards what it was before.
    Raises: as `marts_of`; a model the warehouse was not built with is left out.
    """
    built = {
        name
        for (name,) in warehouse.execute(
            "select table_name from information_schema.tables where table_schema <> 'landing'"
        ).fetchall()
    }
    again = project().with_descendants(replace) & built
    order = [name for name in project().models if name in again]
    _run(warehouse, order, replace)
    return order


def failing_checks(
    warehouse: duckdb.DuckDBPyConnection, names: Iterable[str] | None = None
) -> dict[str, int]:
    """How many rows break each broken data test of the project; empty when all hold."""
    checks = project().checks
    found = {}
    for name in checks if names is None else names:
        broken = warehouse.execute(f"select count(*) from (\n{checks[name].code}\n)").fetchone()
        if broken is not None and broken[0]:
            found[name] = int(broken[0])
    return found


@lru_cache(maxsize=1)
def project() -> Project:
    """The dbt project as it stands when first asked, compiled. Raises: as `manifest`."""
    return _read(manifest()["nodes"])


@lru_cache(maxsize=1)
def manifest() -> dict[str, dict[str, dict]]:
    """`nodes` and `sources` of dbt's manifest, by their ids.

    Raises: DbtFailed by dbt's words; a warning (deprecated, unused, misspelt) is enough.
    """
    CACHE.mkdir(mode=0o700, exist_ok=True)
    with _alone():
        copy = CACHE / "project"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(DBT_PROJECT, copy, ignore=shutil.ignore_patterns(*NOT_SOURCE))
        file = CACHE / f"{_content_of(copy)}.json"
        if not file.exists():
            part = file.with_suffix(".part")
            part.write_text(json.dumps(_compiled(copy)))
            part.rename(file)
            _forget_old()
    loaded: dict[str, dict[str, dict]] = json.loads(file.read_text())
    return loaded


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time; the lock ends with its holder."""
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _content_of(folder: Path) -> str:
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    digest.update(Path(__file__).read_bytes())
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder)}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:24]


def _forget_old() -> None:
    states = sorted(CACHE.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for state in states[:-KEPT]:
        state.unlink()


def _compiled(copy: Path) -> dict[str, object]:
    """What of the manifest is asked for, compiled. The copy's place stays: dbt parses less."""
    run_dbt(["--warn-error", "compile"], CACHE, landing=Path("@landing"),
            warehouse=Path(":memory:"), project=copy)  # fmt: skip
    written = json.loads((CACHE / "target" / "manifest.json").read_text())
    return {part: written[part] for part in ("nodes", "sources")}


def _read(nodes: dict[str, dict]) -> Project:
    models = {}
    checks = {}
    for node in nodes.values():
        if node["resource_type"] not in {"model", "test"}:
            continue
        read = tuple(
            nodes[key]["name"] for key in node["depends_on"]["nodes"] if key.startswith("model.")
        )
        code = LANDING.sub(r"landing.\1", node["compiled_code"])
        if node["resource_type"] == "test":
            checks[node["name"]] = Check(node["name"], code, read)
            continue
        contract = node["config"]["contract"]["enforced"]
        columns = tuple((c["name"], c["data_type"]) for c in node["columns"].values())
        models[node["name"]] = Model(
            name=node["name"],
            relation=node["relation_name"],
            code=code,
            is_python=node["language"] == "python",
            columns=columns if contract else (),
            parents=read,
        )
    order = TopologicalSorter({name: model.parents for name, model in models.items()})
    return Project({name: models[name] for name in order.static_order()}, checks)


def _run(
    warehouse: duckdb.DuckDBPyConnection, names: Sequence[str], replace: Mapping[str, str]
) -> None:
    models = project().models
    unknown = set(replace) - set(models)
    if unknown:
        raise KeyError(f"no model is called {sorted(unknown)}")
    for name in names:
        model = models[name]
        code = replace.get(name, model.code)
        try:
            if model.is_python:
                _run_python(warehouse, model, code)
            else:
                _run_sql(warehouse, model, code)
        except duckdb.Error as error:
            raise ModelFailed(f"{name}: {error}") from error


def _run_sql(warehouse: duckdb.DuckDBPyConnection, model: Model, code: str) -> None:
    """The table, typed by the contract where there is one, as dbt-duckdb creates it."""
    if not model.columns:
        warehouse.execute(f"create or replace table {model.relation} as (\n{code}\n)")
        return
    typed = ", ".join(f"{name} {dtype}" for name, dtype in model.columns)
    listed = ", ".join(name for name, _ in model.columns)
    warehouse.execute(f"create or replace table {model.relation} ({typed})")
    warehouse.execute(
        f"insert into {model.relation} ({listed}) (select {listed} from (\n{code}\n) as model_subq)"
    )


def _run_python(warehouse: duckdb.DuckDBPyConnection, model: Model, code: str) -> None:
    """`model(dbt, session)` with the `dbt` its compiled text brings along, as dbt-duckdb calls it."""
    scope: dict[str, object] = {"__name__": model.name}
    exec(compile(code.lstrip(), f"{model.name}.py", "exec"), scope)
    dbt = scope["dbtObj"](lambda relation: warehouse.query(f"select * from {relation}"))  # type: ignore[operator]
    made = scope["model"](dbt, warehouse)  # type: ignore[operator]
    handle = f"__made_by_{model.name}"
    warehouse.register(handle, made)
    warehouse.execute(f"create or replace table {model.relation} as select * from {handle}")
    warehouse.unregister(handle)
