"""Shops that share money for their orders and what their suppliers can ship, told event by event in plain Python."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tests.replenishment.simulation.reference import Shop


@dataclass
class Purse:
    """What some shops share in every period: so much ``per`` of it a unit takes."""

    most: list[float]
    shops: dict[str, float]  # name -> per unit


@dataclass
class Market:
    """Shops of one path, by name; each with its mean demand."""

    shops: dict[str, Shop]
    mean: dict[str, float]
    for_orders: list[Purse]
    for_shipments: list[Purse]

    def live(self, demand: dict[str, list[float]]) -> dict[str, list[dict[str, float]]]:
        """Return one record a period of each shop."""
        record: dict[str, list[dict[str, float]]] = {name: [] for name in self.shops}
        events = next(iter(self.shops.values())).events
        for now in range(len(next(iter(demand.values())))):
            for name, shop in self.shops.items():
                shop.begin(now, demand[name][now])
            for event in events:
                if event == "review":
                    self.review(now)
                else:
                    for shop in self.shops.values():
                        shop.let(event)
            for name, shop in self.shops.items():
                record[name].append(shop.end())
        return record

    def review(self, now: int) -> None:
        wanted = {name: shop.due_order() for name, shop in self.shops.items()}
        cover = {name: shop.position for name, shop in self.shops.items()}
        sent = {name: shop.position - shop.owed for name, shop in self.shops.items()}
        lots = {name: (shop.lot, shop.minimum) for name, shop in self.shops.items()}
        self.spend(self.for_orders, now, wanted, cover, lots)
        for name, shop in self.shops.items():
            shop.place(wanted[name])
        shippable = {name: shop.shippable() for name, shop in self.shops.items()}
        self.spend(self.for_shipments, now, shippable, sent, dict.fromkeys(self.shops, (0.0, 0.0)))
        for name, shop in self.shops.items():
            shop.dispatch(shippable[name])
            shop.passed.add("review")

    def spend(
        self, purses: list[Purse], now: int, wanted: dict[str, float], stock: dict[str, float],
        lots: dict[str, tuple[float, float]],
    ) -> None:  # fmt: skip
        """Who runs out first is served first; what doesn't fit is cut to lots that do."""
        left = [purse.most[now] for purse in purses]
        for name in sorted(self.shops, key=lambda name: (stock[name] / self.mean[name], name)):
            taken = [purse.shops.get(name, 0.0) for purse in purses]
            most = min((have / per for have, per in zip(left, taken, strict=True) if per), default=math.inf)
            if wanted[name] > most:
                lot, minimum = lots[name]
                if lot == 0 and wanted[name] == int(wanted[name]):
                    lot = 1.0
                units = math.floor(most / lot) * lot if lot else most
                wanted[name] = units if units >= minimum else 0.0
            left = [have - per * wanted[name] for have, per in zip(left, taken, strict=True)]
