"""What a held-out group would find out at this shop, as its own published file says."""

from dataclasses import dataclass

import duckdb

from pipelines.publish import NothingPublished, open_published
from pipelines.settings import Home


@dataclass(frozen=True)
class Trial:
    """The trial of `rpt_experiment_plan` that answers soonest, else the one that sees most.

    Units: `share_bp` basis points, `difference` 0..1.
    """

    share_bp: int
    months: int
    difference: float
    is_measurable: bool


def published_trial(home: Home, shop_id: str) -> Trial | None:
    """The shop's own plan; None before the first run, and for a shop without a cart to write to."""
    query = (
        "select holdout_share_bp, month_count, minimum_detectable_effect, is_measurable"
        " from rpt_experiment_plan"
        " where shop_id = ? and minimum_detectable_effect is not null"
        " order by is_measurable desc,"
        " case when is_measurable then month_count end, minimum_detectable_effect, holdout_share_bp"
        " limit 1"
    )
    try:
        with open_published(home) as connection:
            found = connection.execute(query, [shop_id]).fetchone()
    except (NothingPublished, duckdb.CatalogException):
        return None
    if found is None:
        return None
    share, months, difference, is_measurable = found
    return Trial(int(share), int(months), float(difference), bool(is_measurable))
