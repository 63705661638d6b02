"""dbt's `graph` as sqlfluff sees it: what the models' own YAML says of them."""

from pathlib import Path

import yaml


def _nodes() -> dict[str, dict[str, object]]:
    """Every described model as dbt's graph holds it: name, metadata, columns by name."""
    found = {}
    for file in sorted((Path(__file__).parent.parent / "models").rglob("*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", ()):
            columns = model.get("columns", ())
            found[model["name"]] = {"config": {}} | model
            found[model["name"]]["columns"] = {c["name"]: {"config": {}} | c for c in columns}
    return found


nodes = _nodes()
