"""The errors a user can meet.

VolcastError
    ConfigError          a setting or an option breaks a rule
    DataError            market data is missing, unreadable or too short
    StorageError         a file or folder is damaged, locked or cannot be written
        RunFolderError   a folder is not a run folder, or a run in it is incomplete
    VerificationError    the look-ahead test failed
    LedgerError          the ledger is damaged, altered or missing, or an entry is rejected
    RegistryError        the model registry is damaged or missing, or rejects a request
    ClusterError         a cluster cannot be reached, or its nodes cannot do the work

Each message names the thing, the rule and the remedy, in one line.
"""


class VolcastError(Exception):
    """Base class of all errors that the user can act on; the command line exits with 1.

    Examples
    --------
    >>> import volcast
    >>> try:
    ...     volcast.backtest("prices.csv", epochs=0)
    ... except volcast.VolcastError as error:
    ...     print(error)
    model.epochs must be 1 or more; got 0
    """


class ConfigError(VolcastError):
    """A setting or a command-line option breaks a rule."""


class DataError(VolcastError):
    """Market data is missing, unreadable or too short for the request."""


class StorageError(VolcastError):
    """A file or folder is damaged, in use by another process, or cannot be written."""


class RunFolderError(StorageError):
    """A folder is not a run folder, or the run in it is incomplete or damaged."""


class VerificationError(VolcastError):
    """The look-ahead test failed: something uses data that was not known yet."""


class LedgerError(VolcastError):
    """The ledger is damaged, altered or missing, or an entry is rejected."""


class RegistryError(VolcastError):
    """The model registry is damaged or missing, or a request does not match a version."""


class ClusterError(VolcastError):
    """A cluster cannot be reached, or its nodes or processes cannot do the work."""
