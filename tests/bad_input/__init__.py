"""Bad input: one injector a class over a clean small shop, and what restock makes of it."""
