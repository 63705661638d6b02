"""docs/canonical.md says what pipelines/canonical.py says."""

from pathlib import Path

from pipelines.canonical import EVENT_NAMES, TABLES, manual

MANUAL = Path(__file__).parents[2] / "docs" / "canonical.md"


def test_the_manual_of_the_tables_is_current():
    """Else: python -m pipelines.canonical > docs/canonical.md."""
    assert MANUAL.read_text(encoding="utf-8") == manual()


def test_every_table_a_mapping_may_fill_and_every_event_name_is_in_it():
    text = manual()

    for table in TABLES.values():
        assert (f"## {table.name}\n" in text) != table.internal
    assert all(f"`{name}`" in text for name in EVENT_NAMES)
    assert "| **`order_id`** | text |" in text
    assert "| `line_amount` | money |" in text
