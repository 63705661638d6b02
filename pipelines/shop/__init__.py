"""A shop's one settings file: `shop.yml` → validated model → rows of the settings tables.

`document` reads the text and keeps line numbers; `model`, `parts` and `campaign` say what may
stand in it; `rules` holds what no single field can say; `tables` makes the rows dbt reads.
"""

from pipelines.shop.campaign import Arm, Campaign, Step
from pipelines.shop.document import Problem, ShopFileError
from pipelines.shop.load import json_schema, load_shop
from pipelines.shop.model import Shop, pepper_of
from pipelines.shop.parts import (
    Cap,
    Destination,
    ExchangeRate,
    QuietHours,
    S3Place,
    Sender,
    SftpPlace,
    Source,
    StatusRow,
    StatusRule,
    Thresholds,
    Weight,
    Weights,
)
from pipelines.shop.tables import settings_tables

__all__ = [
    "Arm",
    "Campaign",
    "Cap",
    "Destination",
    "ExchangeRate",
    "Problem",
    "QuietHours",
    "S3Place",
    "Sender",
    "SftpPlace",
    "Shop",
    "ShopFileError",
    "Source",
    "StatusRow",
    "StatusRule",
    "Step",
    "Thresholds",
    "Weight",
    "Weights",
    "json_schema",
    "load_shop",
    "pepper_of",
    "settings_tables",
]
