"""What is said on standard error: stages on a terminal, failures everywhere, or a dated log where one is asked for."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import Any, Literal

import click

__all__ = ["is_logged", "logs_as", "say"]

Level = Literal["info", "warning", "error"]
Form = Literal["text", "json"]
_form: Form | None = None


def logs_as(form: Form | None) -> None:
    """Log as lines of text, as JSON objects, or (None) not at all; for the rest of this process."""
    global _form
    _form = form


def is_logged() -> bool:
    """Whether a log was asked for."""
    return _form is not None


def say(level: Level, message: str, **more: Any) -> None:
    """Say one thing in one line. Without a log stages are for a terminal only, and no line is dated."""
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    if _form == "json":
        click.echo(json.dumps({"at": at, "level": level, "message": message, **more}, ensure_ascii=False), err=True)
    elif _form == "text":
        click.echo(f"{at} {level.upper():7} {' '.join(message.splitlines())}", err=True)
    elif level != "info":
        click.echo(f"restock: {message}", err=True)
    elif sys.stderr.isatty():
        click.echo(f"… {message}", err=True)
