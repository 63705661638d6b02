"""An independent model of the marts: standard library only, written from the definitions.

It shares no line with dbt or polars, so that a mistake must be made twice to stay unseen.
"""
