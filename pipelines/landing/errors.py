"""What landing refuses, each saying what to do."""


class LandingError(Exception):
    """Nothing of the batch was landed; what lay there before is untouched."""


class ConservationBroken(LandingError):
    """Rows in differ from rows landed + refused + declared duplicates: rows got lost or doubled."""


class NotLocked(LandingError):
    """A batch was begun by a process that does not hold the landing lock."""


class LandingDamaged(LandingError):
    """A file that a finished batch promised is neither waiting nor in its place."""


class RawChanged(LandingError):
    """A raw file is no longer the one that was read."""


class UnknownColumns(LandingError):
    """A frame names columns which its canonical table does not have."""
