"""Results of a mailer that belong to no message of ours: counted, and judged by a check."""

import hashlib
import json
from pathlib import Path

import dagster as dg
import duckdb

from pipelines import exports
from pipelines.defs.exports import judged
from tests.exports.shop_files import small_shop

EVENTS = """
create table fct_mail_events as select * from (values
    ('tea', 's', 'token', date '2026-11-09'), ('tea', 's', 'message', date '2026-11-08'),
    ('tea', 's', 'campaign', date '2026-10-11'), ('tea', 's', 'none', date '2026-10-11'),
    ('tea', 's', 'none', date '2026-10-10'), ('tea', 'other', 'none', date '2026-11-01'),
    ('coffee', 's', 'none', date '2026-12-09')
) as t (shop_id, provider, match_basis, occurred_on)
"""


def test_results_without_a_message_are_counted_by_mailer_over_thirty_days(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    shop.publish([])
    (public,) = shop.home.published.glob("*.duckdb")
    with duckdb.connect(str(public)) as connection:
        connection.execute(EVENTS)
    pointer = json.loads((shop.home.published / "CURRENT.json").read_text())
    pointer["sha256"] = hashlib.sha256(public.read_bytes()).hexdigest()
    (shop.home.published / "CURRENT.json").write_text(json.dumps(pointer))

    # 9 November is the newest; 11 October is the thirtieth date before its end, the 10th is not.
    assert exports.unmatched(shop.home, "tea") == {"other": (1, 1), "s": (1, 4)}


def test_the_check_warns_where_a_mailer_drops_the_token() -> None:
    def passed(**counts: tuple[int, int]) -> bool:
        found = judged(counts, warn_above=0.05, error_above=1.0)
        assert found.severity is dg.AssetCheckSeverity.WARN
        return bool(found.passed)

    assert passed(s=(5, 100))
    assert not passed(s=(6, 100))
    assert not passed(s=(0, 100), other=(3, 3))
    assert passed(s=(2, 2))  # of two nobody can say what rate they are
    assert passed()
