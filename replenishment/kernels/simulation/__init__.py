"""Compiled loops of the simulator: ``lanes`` for the ordinary case, ``events`` for every clock and mode."""
