"""What can go wrong, and the exit code that says so to a scheduler."""

from __future__ import annotations

__all__ = ["ConfigurationError", "InputError", "RestockError", "UnavailableError"]


class RestockError(Exception):
    """A failure with a message for people; ``exit_code`` is for schedulers, ``code`` a stable name of its kind."""

    exit_code = 1
    code = "failed"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or type(self).code


class ConfigurationError(RestockError):
    """The command or its configuration can't be carried out as written."""

    exit_code = 2
    code = "configuration"


class InputError(RestockError):
    """A table can't be used; trying again without mending it won't help."""

    exit_code = 3
    code = "refused_input"


class UnavailableError(RestockError):
    """The disk, a lock or a service is in the way; trying again later may help."""

    exit_code = 5
    code = "unavailable"
