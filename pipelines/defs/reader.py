"""Reading one raw file, in a process of its own: what takes its parser down takes no run with it.

That process loads this module alone, and neither Dagster nor Great Expectations with it.
"""

from datetime import datetime
from functools import cache
from pathlib import Path

from pipelines import landing, sources
from pipelines.settings import Home
from pipelines.shop import Shop, Source, load_shop


def read_file(
    shop_file: str, source: Source, file: Path, *, home: Home, loaded_at: datetime
) -> landing.PreparedFile | str:
    """What the file gives, ready to land, or the refusal's own words."""
    shop = _shop_of(shop_file)
    try:
        extract = sources.extract_file(
            file,
            source,
            zone=shop.timezone,
            currency=shop.currency,
            folder=shop.folder,
        )
    except (sources.FileRefused, sources.MappingBroken) as refusal:
        # A mapping may break on one file's cells alone; the others of its source still come in.
        return str(refusal)
    return landing.prepare(home, shop, extract, loaded_at=loaded_at)


@cache
def _shop_of(shop_file: str) -> Shop:
    """The shop, read once for all files: this process serves one run, and a run has one shop."""
    return load_shop(Path(shop_file))
