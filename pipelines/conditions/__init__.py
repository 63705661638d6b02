"""A saved segment's conditions: closed columns and operators → bound SQL over the published file.

The columns are those of the published `dim_persons` whose YAML has `config.meta.condition`, with
the type the file itself gives them; there is no second list. What somebody typed reaches a
statement as a bound value or not at all.
"""

from pipelines.conditions.basis import Basis, BasisMissing, basis_of
from pipelines.conditions.changes import Changes, changes
from pipelines.conditions.columns import OPERATORS, Column, Kind, Operator
from pipelines.conditions.counting import Asked, choices, count, mailable, members, people_of
from pipelines.conditions.sql import Where, where_of
from pipelines.conditions.tree import BadConditions, Checked, Condition, Problem, checked
from pipelines.conditions.words import sentence, word_of

__all__ = [
    "OPERATORS",
    "Asked",
    "BadConditions",
    "Basis",
    "BasisMissing",
    "Changes",
    "Checked",
    "Column",
    "Condition",
    "Kind",
    "Operator",
    "Problem",
    "Where",
    "basis_of",
    "changes",
    "checked",
    "choices",
    "count",
    "mailable",
    "members",
    "people_of",
    "sentence",
    "where_of",
    "word_of",
]
