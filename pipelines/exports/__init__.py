"""Exports: from a published run to files and tables for other systems. Nothing is planned here, only read."""
