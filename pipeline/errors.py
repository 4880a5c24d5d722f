"""The errors a user can meet.

VolcastError
    ConfigError        a key, a value or an option breaks a rule
    DataError          prices are missing, unreadable or too few
    RunFolderError     the run folder is damaged, locked or not writable
    VerificationError  a look-ahead proof failed
    LedgerError        the ledger is damaged, altered, busy or not writable
    RegistryError      the model registry is damaged, missing or refuses a request

Each message names the thing, the rule and the remedy, in one line.
"""


class VolcastError(Exception):
    """Base of every error that is the user's to act on; the command line exits with 1."""


class ConfigError(VolcastError):
    """A configuration key, value or option breaks a rule."""


class DataError(VolcastError):
    """Market data is missing, unreadable or too short for what was asked."""


class RunFolderError(VolcastError):
    """A run folder is damaged, in use by another process, or cannot be written."""


class VerificationError(VolcastError):
    """A look-ahead proof failed: something uses data that was not known yet."""


class LedgerError(VolcastError):
    """The ledger is damaged, altered, busy or cannot be written, or an entry is refused."""


class RegistryError(VolcastError):
    """The model registry is damaged or missing, or a version is not what was asked for."""
