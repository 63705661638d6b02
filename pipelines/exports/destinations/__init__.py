"""Places a finished file is handed over at. One module per kind of place."""

from pipelines.exports.destinations.local import LocalFolder

__all__ = ["LocalFolder"]
