"""A mailer's own table against its own identities, and how fresh each source is (section 9)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from tests.oracle.facts import Fact, Mart
from tests.oracle.known import Row
from tests.oracle.world import World

SLACK = Fraction(1, 10**9)
# Printed column, its part, and the wholes it may be of, the most usual first.
PRINTED = {
    "open_rate": ("printed_open_rate", "open_count", ("sent", "delivered")),
    "click_rate": ("printed_click_rate", "click_count", ("opens", "sent", "delivered")),
    "order_rate": (
        "printed_order_rate", "orderer_count", ("clicks", "sent", "delivered", "opens"),
    ),
    "spend_per_orderer": ("printed_spend_per_orderer", "recovered_amount", ("orderers", "orders")),
}  # fmt: skip
WHOLES = {
    "sent": ("sent_count", "per_sent_value"),
    "delivered": ("delivered_count", "per_delivered_value"),
    "opens": ("open_count", "per_open_value"),
    "clicks": ("click_count", "per_click_value"),
    "orderers": ("orderer_count", "per_orderer_value"),
    "orders": ("order_count", "per_order_value"),
}
WITHIN = (
    ("delivered_within_sent", ("delivered_count",), "sent_count"),
    ("arrived_and_bounced_within_sent", ("delivered_count", "bounce_count"), "sent_count"),
    ("opens_within_sent", ("open_count",), "sent_count"),
    ("opens_within_delivered", ("open_count",), "delivered_count"),
    ("clicks_within_opens", ("click_count",), "open_count"),
    ("orderers_within_clicks", ("orderer_count",), "click_count"),
    ("orderers_within_orders", ("orderer_count",), "order_count"),
)
TOTALS = {
    "sent_of_steps": "sent_count",
    "delivered_of_steps": "delivered_count",
    "opens_of_steps": "open_count",
    "clicks_of_steps": "click_count",
    "orders_of_steps": "order_count",
    "money_of_steps": "recovered_amount",
    "orderers_of_steps": "orderer_count",
}


def newest_reports(world: World) -> list[Row]:
    """The last table of every mailing."""
    newest: dict[tuple[object, object], Row] = {}
    for row in world.shop["mail_results_summary"]:
        key = (row["provider"], row["provider_campaign_id"])
        if row["as_of_at"] <= world.shop.as_of and (
            key not in newest or newest[key]["as_of_at"] < row["as_of_at"]
        ):
            newest[key] = row
    return list(newest.values())


def rpt_report_audit(world: World) -> list[Fact]:
    """Every printed rate by every whole it could be of."""
    cells = list(_cells(world))
    fitting: dict[tuple[object, object], Counter[str]] = defaultdict(Counter)
    for row in cells:
        if row["matched_denominator"] is not None:
            fitting[row["provider"], row["rate_key"]][str(row["matched_denominator"])] += 1
    for row in cells:
        usual = PRINTED[str(row["rate_key"])][2][0]
        found = fitting[row["provider"], row["rate_key"]]
        row["expected_denominator"] = min(found, key=lambda one: (-found[one], one), default=usual)
        row["note"] = "fits"
        if not row["is_checkable"]:
            row["note"] = "not_checkable"
        elif row["is_flagged"]:
            row["note"] = "no_denominator_fits"
        elif row["matched_denominator"] != row["expected_denominator"]:
            row["note"] = "other_denominator_than_its_peers"
    return cells


def _cells(world: World) -> Iterator[Fact]:
    reports = newest_reports(world)
    for key, (column, part, wholes) in PRINTED.items():
        for row in reports:
            if row[column] is None:
                continue
            printed, share = _exact(row[column]), row[part]
            tolerance = Fraction(1, 2 * 10 ** _decimals(row, key, reports)) + SLACK
            values = {
                whole: _exact(share) / _exact(row[WHOLES[whole][0]])
                if share is not None and row[WHOLES[whole][0]]
                else None
                for whole in wholes
            }
            matched = next(
                (w for w, v in values.items() if v is not None and abs(printed - v) <= tolerance),
                None,
            )
            is_checkable = any(value is not None for value in values.values())
            yield {
                **_named(world, row),
                "rate_key": key,
                "currency": world.shop.currency,
                "matched_denominator": matched,
                "is_flagged": is_checkable and matched is None,
                "is_checkable": is_checkable,
                "printed_value": float(printed),
                "numerator": None if share is None else float(share),
                **{
                    name: None if values.get(whole) is None else float(values[whole] or 0)
                    for whole, (_, name) in WHOLES.items()
                },
            }


def _exact(value: object) -> Fraction:
    return Fraction(str(value))


def _decimals(row: Row, key: str, reports: list[Row]) -> int:
    """How many decimals the table prints, by all its lines: 50.00 % alone looks like 50 %."""
    is_money = key == "spend_per_orderer"
    columns = [
        column for one, (column, *_) in PRINTED.items() if (one == "spend_per_orderer") == is_money
    ]
    table = [
        _exact(line[column])
        for line in reports
        for column in columns
        if line["provider"] == row["provider"]
        and line["as_of_at"] == row["as_of_at"]
        and line[column] is not None
    ]
    steps = (0, 2) if is_money else (2, 3, 4)
    return max(
        next((step for step in steps if (value * 10**step).denominator == 1), steps[-1])
        for value in table
    )


def _named(world: World, row: Row) -> Fact:
    on = world.shop.on(row["as_of_at"])
    return {
        "report_line": f"{row['provider']}|{row['provider_campaign_id']}|{on}",
        "provider": row["provider"],
        "campaign_key": row["campaign_key"] or row["provider_campaign_id"],
        "step_number": row["step_number"],
        "label": row["label"] or row["provider_campaign_id"],
        "as_of_at": row["as_of_at"],
        "as_of_on": on,
    }


def rpt_report_identities(world: World) -> list[Fact]:
    """Parts within their whole on every line, and steps against their total."""
    reports = newest_reports(world)
    rows = []
    for row in reports:
        for key, parts, whole in WITHIN:
            first = _sum([row[part] for part in parts])
            rows.append(_judged(world, row, key, "at_most", (first, row[whole])))
        steps = [one for one in reports if (one["step_number"] or 0) > 0
                 and _table(world, one) == _table(world, row)]  # fmt: skip
        if row["step_number"] == 0 and steps:
            for key, column in TOTALS.items():
                # A person counts once in a total, and once in each step.
                relation = "at_most" if column == "orderer_count" else "equal"
                values = (row[column], _sum([step[column] for step in steps]))
                rows.append(_judged(world, row, key, relation, values))
    return rows


def _table(world: World, row: Row) -> tuple[object, ...]:
    on = world.shop.on(row["as_of_at"])
    return (
        row["provider"], row["campaign_key"] or row["provider_campaign_id"],
        row["period_starts_on"] or on, row["period_ends_on"] or on, on,
    )  # fmt: skip


def _sum(values: list[object]) -> Decimal | None:
    """What any part leaves unknown is unknown."""
    if any(value is None for value in values):
        return None
    return sum((Decimal(str(value)) for value in values), Decimal(0))


def _judged(world: World, row: Row, key: str, relation: str, values: tuple[object, object]) -> Fact:
    first, second = (None if v is None else Decimal(str(v)) for v in values)
    is_checkable = first is not None and second is not None
    is_broken = is_checkable and (
        first > second or (relation == "equal" and first != second)  # type: ignore[operator]
    )
    return {
        **_named(world, row), "identity_key": key, "relation": relation, "is_flagged": is_broken,
        "is_checkable": is_checkable, "first_value": first, "second_value": second,
    }  # fmt: skip


def rpt_source_freshness(world: World) -> list[Fact]:
    """What every source could give, and when it last gave something."""
    given = {(row["source_key"], row["entity"]): row for row in world.shop["capabilities"]}
    own = {source for source, _ in given}
    taken: dict[tuple[object, object], list[Row]] = defaultdict(list)
    for row in world.shop["source_batches"]:
        if row["source_key"] in own:
            taken[row["source_key"], row["entity"]].append(row)
    rows = []
    for source, entity in {*given, *taken}:
        said, batches = given.get((source, entity), Row()), taken[source, entity]
        newest = [row["window_to_at"] for row in batches if row["window_to_at"] is not None]
        rows.append(
            {
                "source_key": source,
                "entity": entity,
                "support": said["support"],
                "batch_count": len(batches),
                "landed_row_count": sum(int(str(row["rows_landed"])) for row in batches),
                "rejected_row_count": sum(int(str(row["rows_rejected"])) for row in batches),
                "latest_data_at": said["latest_data_at"] or max(newest, default=None),
            }
        )
    return rows


MARTS: dict[str, Mart] = {
    "rpt_report_audit": (("report_line", "rate_key"), rpt_report_audit),
    "rpt_report_identities": (("report_line", "identity_key"), rpt_report_identities),
    "rpt_source_freshness": (("source_key", "entity"), rpt_source_freshness),
}
