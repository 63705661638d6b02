"""Twenty demo shops with a planted effect, one build: the reported intervals hold the truth."""

from collections import defaultdict
from datetime import UTC, datetime

import duckdb
import polars as pl
import pytest

from pipelines import demo, landing, sources
from pipelines.settings import Home
from pipelines.shop import load_shop, settings_tables
from tests.warehouse import run_dbt

pytestmark = pytest.mark.slow

SHOPS = 20
# Of 20 intervals of 95 %, fewer than 17 hold the truth in 1.6 % of all honest worlds.
MUST_HOLD = 17


@pytest.fixture(scope="module")
def shops(tmp_path_factory) -> list[demo.SmallShop]:
    return demo.small(tmp_path_factory.mktemp("shops"), shops=SHOPS)


@pytest.fixture(scope="module")
def warehouse(shops, tmp_path_factory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("planted")
    home = Home(folder / "home")
    loaded_at = datetime.now(UTC)
    rows: dict[str, list[pl.DataFrame]] = defaultdict(list)
    for small in shops:
        shop = load_shop(small.folder / "shop.yml")
        home.path.mkdir(exist_ok=True)
        (home.path / "pepper.key").write_text(str(shop.pepper))
        for source in shop.sources:
            for file in sources.files_of(shop, source):
                extract = sources.extract_file(
                    file, source, zone=shop.timezone, currency=shop.currency, folder=shop.folder
                )
                for batch in extract.batches:
                    frame = batch.frame.with_columns(pl.lit(shop.id).alias("shop_id"))
                    rows[source.key, batch.table].append(frame)
        tables = settings_tables(shop, status_defaults=sources.status_defaults(shop))
        landing.land_settings(home, tables, loaded_at=loaded_at)
        run = landing.new_run(
            shop,
            run_id=shop.id,
            as_of_at=shop.clock,
            known_at=loaded_at,
            loaded_at=loaded_at,
            code_version="test",
        )
        landing.land_run(home, run)
    for (source_key, table), frames in rows.items():
        landing.write_rows(
            home,
            table,
            pl.concat(frames, how="diagonal_relaxed"),
            source=source_key,
            loaded_at=loaded_at,
            zone="Asia/Tokyo",
        )
    landing.ensure_all_tables(home)
    home.warehouse.parent.mkdir()
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    run_dbt(arguments, folder, landing=home.landing, warehouse=home.warehouse)
    return duckdb.connect(str(home.warehouse), read_only=True)


def test_the_planted_effect_lies_in_the_reported_interval(shops, warehouse):
    reported = {
        shop_id: (low, high)
        for shop_id, low, high in warehouse.execute(
            """
            select shop_id, difference_low, difference_high
            from marts.rpt_incrementality
            where campaign_key = 'cart_recovery' and comparison_key = 'holdout' and arm_key = 'all'
            """
        ).fetchall()
    }
    truths = {load_shop(s.folder / "shop.yml").id: s.truth.itt_effect for s in shops}

    assert set(reported) == set(truths)
    held = [
        shop for shop, truth in truths.items() if reported[shop][0] <= truth <= reported[shop][1]
    ]
    assert len(held) >= MUST_HOLD, sorted(set(truths) - set(held))
    assert all(high > low for low, high in reported.values())


def test_a_wrong_truth_is_not_held(shops, warehouse):
    """The check can fail: an effect of 40 points lies in no interval."""
    rows = warehouse.execute(
        "select difference_low, difference_high from marts.rpt_incrementality"
        " where campaign_key = 'cart_recovery' and comparison_key = 'holdout' and arm_key = 'all'"
    ).fetchall()

    assert not any(low <= 0.40 <= high for low, high in rows)


def test_every_terminal_state_is_counted_as_planted(shops, warehouse):
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    for shop_id, state, reason, episodes in warehouse.execute(
        """
        select shop_id, terminal_state, terminal_reason, count(*)
        from marts.fct_recovery_outcomes
        group by shop_id, terminal_state, terminal_reason
        """
    ).fetchall():
        name = f"{state}({reason})" if reason else state
        counted[shop_id][name] = counted[shop_id].get(name, 0) + episodes
    for small in shops:
        shop_id = load_shop(small.folder / "shop.yml").id
        planted = {k: v for k, v in small.truth.terminal_states.items() if v}
        assert counted[shop_id] == planted, shop_id
