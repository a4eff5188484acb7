"""Demo shops: generated tables in which sales, orders, receipts and stock agree, and the truth behind them."""

from pipelines.demo.tables import DemoWorld, demo_tables
from pipelines.demo.writing import demo_config, write_demo, write_shop

__all__ = ["DemoWorld", "demo_config", "demo_tables", "write_demo", "write_shop"]
