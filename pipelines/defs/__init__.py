"""The Dagster shell: assets that call one pure function each, and what starts them."""
