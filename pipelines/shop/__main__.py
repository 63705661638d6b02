"""Prints the JSON schema of shop.yml: `python -m pipelines.shop > docs/shop.schema.json`."""

import sys

from pipelines.shop.load import json_schema

sys.stdout.write(json_schema())
