"""Compiled loops over arrays. They know no frames and no configuration; each has a plain witness in the tests."""
