"""Reorder-point policies: (s, Q) and (r, Q) under continuous review, (R, s, nQ) under periodic review."""
