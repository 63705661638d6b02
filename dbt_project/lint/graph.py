"""dbt's `graph` as sqlfluff sees it: what the models' own YAML says of them."""

from collections.abc import Iterator
from pathlib import Path

import yaml


class _Nodes:
    """Every described model as dbt's graph holds it: name, metadata, columns by name.

    Read when a macro asks: sqlfluff loads this file anew for each of hundreds of models, nearly
    all of which never do.
    """

    def values(self) -> Iterator[dict[str, object]]:
        for file in sorted((Path(__file__).parent.parent / "models").rglob("*.yml")):
            document = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            for model in document.get("models", ()):
                columns = {c["name"]: {"config": {}} | c for c in model.get("columns", ())}
                yield {"config": {}} | model | {"columns": columns}


nodes = _Nodes()
