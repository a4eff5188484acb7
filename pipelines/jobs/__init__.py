"""The jobs: one module each, named after what it does."""
