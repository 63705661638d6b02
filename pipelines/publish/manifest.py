"""What dbt's manifest says: public tables, what they mean, the text of macros readers need."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2 import nodes

from pipelines.canonical import TABLES
from pipelines.publish.errors import CatalogueIncomplete, PersonalDataExposed

PUBLIC_SCHEMAS: Final = frozenset({"marts", "segments"})
PRIVATE_SCHEMA: Final = "private"
# Not personal data of the marts, yet keys and addresses the exporter needs from the same snapshot.
PRIVATE_MODELS: Final = frozenset(
    {"int_persons__keys", "int_persons__contactable", "int_recovery__shop_mails"}
)
# What every reader needs beside the marts: the settings in force at the build and its periods.
READER_MODELS: Final = {
    "int_run__settings": "catalogue_settings",
    "int_run__periods": "catalogue_periods",
}
# What a report of a mailer is held to: kept as compiled SQL, so that a report handed in between two
# runs is judged by the very models of the published numbers.
REPORT_MODELS: Final = ("rpt_report_audit", "rpt_report_identities")
# Stored in the file as SQL macros, so that a reader has the models' own formulas.
READER_MACROS: Final = (
    "wilson_low",
    "wilson_high",
    "newcombe_low",
    "newcombe_high",
    "is_small",
    "is_hidden",
)
# A mart column of one of these names holds what landing marks as personal, whatever its tags say.
PERSONAL_COLUMNS: Final = frozenset(
    column.name for table in TABLES.values() for column in table.columns if column.pii
)


@dataclass(frozen=True)
class ModelColumn:
    """One described column of a published model; `meta` is JSON text."""

    name: str
    description: str
    meta: str


@dataclass(frozen=True)
class Metric:
    """The receipt of one column: what it is made of, as `config.meta.metric` says.

    `kind` is `quotient` (numerator ÷ denominator, empty where that is 0), `change` (the same less
    1) or the name of an estimator, which has neither.
    """

    column: str
    kind: str
    numerator: str | None
    denominator: str | None
    unit: str | None
    format: str | None
    is_additive: bool
    window: str | None
    maturity: str | None
    description: str
    description_ja: str | None


@dataclass(frozen=True)
class Model:
    """One dbt model as it lies in the build file; `name` is its name for readers."""

    name: str
    schema: str
    relation: str
    description: str
    meta: str
    columns: tuple[ModelColumn, ...]
    metrics: tuple[Metric, ...]
    is_tagged_pii: bool


@dataclass(frozen=True)
class Code:
    """One model's compiled SQL, with the relation dbt makes of it."""

    name: str
    relation: str
    text: str


@dataclass(frozen=True)
class Catalogue:
    """What is copied where. `macros` are (name, arguments, SQL text); `code` has parents first."""

    public: tuple[Model, ...]
    private: tuple[Model, ...]
    run: tuple[Model, ...]
    macros: tuple[tuple[str, tuple[str, ...], str], ...]
    code: tuple[Code, ...] = ()


def read_catalogue(manifest: Path) -> Catalogue:
    """Catalogue of one compiled dbt project.

    Raises: CatalogueIncomplete if the manifest or a macro readers need is missing;
    PersonalDataExposed if a public model is tagged `pii`.
    """
    try:
        parsed = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueIncomplete(f"{manifest} is missing: run `dbt build` first") from None
    models = tuple(_models(parsed))
    public = tuple(m for m in models if m.schema in PUBLIC_SCHEMAS)
    for model in public:
        refuse_personal(model.name, is_tagged=model.is_tagged_pii, columns=())
    private = tuple(m for m in models if m.schema == PRIVATE_SCHEMA or m.name in PRIVATE_MODELS)
    run = tuple(replace(m, name=READER_MODELS[m.name]) for m in models if m.name in READER_MODELS)
    return Catalogue(public, private, run, reader_macros(parsed), report_code(parsed))


def report_code(parsed: Mapping[str, Any]) -> tuple[Code, ...]:
    """The models of `REPORT_MODELS` and all they read, parents first.

    Empty for a manifest without them, or one that was parsed and never compiled.
    """
    models = {k: n for k, n in parsed["nodes"].items() if n["resource_type"] == "model"}
    found: dict[str, Code] = {}

    def visit(key: str) -> None:
        node = models[key]
        for parent in node["depends_on"]["nodes"]:
            if parent in models and parent not in found:
                visit(parent)
        found[key] = Code(node["name"], node["relation_name"], node["compiled_code"].strip())

    wanted = [key for key, node in models.items() if node["name"] in REPORT_MODELS]
    if all(models[key].get("compiled_code") for key in wanted):
        for key in wanted:
            visit(key)
    return tuple(found.values())


def refuse_personal(name: str, *, is_tagged: bool, columns: tuple[str, ...]) -> None:
    """Nothing, for a table that may be published.

    Raises: PersonalDataExposed for a tagged table or a column that holds an address or a name.
    """
    if is_tagged:
        raise PersonalDataExposed(
            f"{name} is tagged pii: move it to marts/private, only the exporter may read it"
        )
    found = sorted(PERSONAL_COLUMNS.intersection(columns))
    if found:
        raise PersonalDataExposed(
            f"{name} carries {', '.join(found)}: addresses and names stay in dim_person_contacts"
        )


def _models(parsed: Mapping[str, Any]) -> Iterator[Model]:
    """Every model that has a relation, sorted by name."""
    found = [
        node
        for node in parsed["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    ]
    for node in sorted(found, key=lambda node: str(node["name"])):
        columns = node["columns"].values()
        yield Model(
            name=node["name"],
            schema=node["schema"],
            relation=node.get("alias") or node["name"],
            description=node["description"].strip(),
            meta=_json(_meta(node)),
            columns=tuple(
                ModelColumn(c["name"], c["description"].strip(), _json(_meta(c))) for c in columns
            ),
            metrics=tuple(_metric(c) for c in columns if "metric" in _meta(c)),
            is_tagged_pii="pii" in _tags(node) or any("pii" in _tags(c) for c in columns),
        )


def _metric(column: Mapping[str, Any]) -> Metric:
    """Receipt of a column that has one."""
    told = _meta(column)["metric"]
    return Metric(
        column=column["name"],
        kind=told.get("kind", "quotient"),
        numerator=told.get("numerator"),
        denominator=told.get("denominator"),
        unit=told.get("unit"),
        format=told.get("format"),
        is_additive=told.get("is_additive", False),
        window=told.get("window"),
        maturity=told.get("maturity"),
        description=column["description"].strip(),
        description_ja=told.get("description_ja"),
    )


def _tags(thing: Mapping[str, Any]) -> set[str]:
    """Tags of a model or a column, wherever this dbt version keeps them."""
    return set(thing.get("tags") or []) | set((thing.get("config") or {}).get("tags") or [])


def _meta(thing: Mapping[str, Any]) -> dict[str, Any]:
    """`meta` of a model or a column; `config.meta` wins over the older place."""
    return {**(thing.get("meta") or {}), **((thing.get("config") or {}).get("meta") or {})}


def _json(meta: dict[str, Any]) -> str:
    """JSON text with sorted keys: equal meaning is equal text."""
    return json.dumps(meta, ensure_ascii=False, sort_keys=True)


def reader_macros(parsed: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    """The macros every reader needs, rendered to SQL over their own argument names.

    Invariant: this is the text the models were compiled with; a second formula would drift.
    """
    texts: dict[str, str] = {}
    for macro in parsed["macros"].values():
        if macro["package_name"] == parsed["metadata"]["project_name"]:
            texts[macro["name"]] = macro["macro_sql"]
    missing = [name for name in READER_MACROS if name not in texts]
    if missing:
        raise CatalogueIncomplete(
            f"dbt macros missing: {', '.join(missing)}; see dbt_project/macros"
        )
    # The output is SQL text for one engine, not a page: escaping would break it.
    environment = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)  # noqa: S701
    needed = sorted(_closure(parsed, texts))
    template = environment.from_string("".join(texts[name] for name in needed))
    module = template.make_module({"adapter": _Adapter(), "return": str, "var": _no_vars})
    rendered = []
    for name in READER_MACROS:
        arguments = _arguments(environment, texts[name])
        text = str(getattr(module, name)(*arguments))
        rendered.append((name, arguments, re.sub(r"\s+", " ", text).strip()))
    return tuple(rendered)


class _Adapter:
    """Stands where dbt's adapter stands: a macro that dispatches is no longer one formula."""

    def dispatch(self, name: str, *_: str) -> None:
        """Never returns.

        Raises: CatalogueIncomplete.
        """
        raise CatalogueIncomplete(f"{name} dispatches by engine: write it in plain SQL")


def _no_vars(name: str, *_: object) -> None:
    """Never returns: settings are rows, a reader's macro depends on its arguments alone."""
    raise CatalogueIncomplete(f"a macro for readers reads var({name!r}): pass it as an argument")


def _closure(parsed: Mapping[str, Any], texts: Mapping[str, str]) -> set[str]:
    """Names of the readers' macros and of the project's macros they call."""
    by_id = parsed["macros"]
    waiting = [m for m in by_id.values() if m["name"] in READER_MACROS and m["name"] in texts]
    names: set[str] = set()
    while waiting:
        macro = waiting.pop()
        if macro["name"] in names or macro["name"] not in texts:
            continue
        names.add(macro["name"])
        waiting += [by_id[i] for i in macro["depends_on"]["macros"] if i in by_id]
    return names


def _arguments(environment: jinja2.Environment, text: str) -> tuple[str, ...]:
    """Argument names of the first macro in a text."""
    macro = next(environment.parse(text).find_all(nodes.Macro))
    return tuple(argument.name for argument in macro.args)
