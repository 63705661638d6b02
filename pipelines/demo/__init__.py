"""A seeded shop with a known truth, written as the files a shop would export.

`write` makes one shop of about 20,000 persons and two years; `small` makes many smaller ones for
tests. The files go in through the same doors as everybody's: `shop.yml` and the mappings lie beside
them. The truth is handed back, and saved only where no source looks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.demo.files import put, settings_files
from pipelines.demo.folder import files_of, sheets_of, truth_of
from pipelines.demo.rules import rules_of
from pipelines.demo.truth import ArmTruth, CohortTruth, Dirt, Truth
from pipelines.demo.world import world
from pipelines.shop import load_shop

HERE = Path(__file__).parent
TRUTH_FILE = "truth.json"


@dataclass(frozen=True)
class SmallShop:
    """One of many small shops: its folder and the truth about it."""

    folder: Path
    truth: Truth


def write(
    folder: Path, *, seed: int = 1, persons: int = 20_000, shop_id: str | None = None
) -> Truth:
    """Write a demo shop's files into `folder` and give the truth about it.

    Shape: shop.yml, mappings/ and the exports it names; `truth.json` lies beside the folder's
    sources under `truth/`, which no source's glob reaches. Invariant: equal seed, persons and shop
    id give equal bytes, on any machine. Raises ShopFileError if the shipped shop.yml is broken.
    """
    for name, data in settings_files(HERE).items():
        if name == "shop.yml" and shop_id is not None:
            data = re.sub(rb"(?m)^id: .*$", b"id: " + shop_id.encode(), data)
        put(folder, name, data)
    rules = rules_of(load_shop(folder / "shop.yml"))
    made = world(rules, seed=seed, persons=persons)
    sheets = sheets_of(made, seed=seed)
    for name, data in files_of(made, sheets):
        put(folder, name, data)
    truth = truth_of(made, sheets, seed=seed)
    (folder / "truth").mkdir(exist_ok=True)
    truth.save(folder / "truth" / TRUTH_FILE)
    return truth


def small(
    folder: Path, *, shops: int = 20, persons: int = 1_500, first_seed: int = 101
) -> Sequence[SmallShop]:
    """Many small shops, one folder and one shop id each, that may be landed into one build."""
    made = []
    for number in range(shops):
        seed = first_seed + number
        place = folder / f"demo-{seed}"
        truth = write(place, seed=seed, persons=persons, shop_id=f"demo-{seed}")
        made.append(SmallShop(folder=place, truth=truth))
    return made


__all__ = ["ArmTruth", "CohortTruth", "Dirt", "SmallShop", "Truth", "small", "write"]
