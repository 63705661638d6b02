"""What publish refuses, each saying what to do."""


class PublishError(Exception):
    """Nothing was published; the last good snapshot stays."""


class BuildNotClosed(PublishError):
    """The build file is missing, held by another process, or has a write-ahead log beside it."""


class CatalogueIncomplete(PublishError):
    """dbt's manifest lacks something every reader needs."""


class PersonalDataExposed(PublishError):
    """A table with personal data would have entered the published file."""


class NothingPublished(PublishError):
    """There is no snapshot to read, or none that is whole."""


class PointerDamaged(NothingPublished):
    """`CURRENT.json` is there and says nothing that can be read."""
