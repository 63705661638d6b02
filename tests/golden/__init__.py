"""Cases small enough to be reckoned by hand, each in a shop of its own, all in one dbt build."""
