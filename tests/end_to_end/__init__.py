"""Whole days of those who use it: what one command leaves, the next one takes up."""
