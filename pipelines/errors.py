"""What can go wrong, and the exit code that says so to a scheduler."""

from __future__ import annotations

__all__ = ["ConfigurationError", "InputError", "RestockError", "UnavailableError"]


class RestockError(Exception):
    """A failure with a message for people; ``exit_code`` is for schedulers."""

    exit_code = 1


class ConfigurationError(RestockError):
    """The command or its configuration can't be carried out as written."""

    exit_code = 2


class InputError(RestockError):
    """A table can't be used; trying again without mending it won't help."""

    exit_code = 3


class UnavailableError(RestockError):
    """The disk, a lock or a service is in the way; trying again later may help."""

    exit_code = 5
