"""Hypothesis draws the same examples on every machine and sets no deadline, for a first call may compile."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("restock", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("wide", deadline=None, max_examples=400)
settings.load_profile("restock")
