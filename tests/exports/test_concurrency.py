"""Several exporters at once, over the same people: the guards decide, nobody waits in vain."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from pipelines import exports
from tests.exports.mailer import Mailer
from tests.exports.shop_files import people, small_shop

ROOT = Path(__file__).resolve().parents[2]


def test_exporters_of_two_destinations_share_the_people(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    shop.publish(people(60))
    wishes = [shop.ask(destination=place) for place in ("mailer", "listmonk") for _ in range(2)]

    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.exports.crash_child", f"{tmp_path}|{wish}|nowhere"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        for wish in wishes
    ]  # fmt: skip
    said = [child.communicate()[0] for child in children]

    assert said == ["nowhere 0\n"] * 4
    total: Counter[str] = Counter()
    for place in ("mailer", "listmonk"):
        mailer = Mailer(shop.outbox(place))
        mailer.poll()
        total += mailer.messages
    assert set(total.values()) == {1}
    assert len(total) == 60
    assert {batch.state for batch in exports.batches(shop.home)} == {"DELIVERED"}
