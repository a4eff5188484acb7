"""Orders, receipts, cancellations, counts and returns in any order: no unit is promised twice, nobody is overtaken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from replenishment.backorders.allocation import RULES, Allocation, AllocationRule, Supply, allocate
from replenishment.backorders.ledger import NEVER, OrderLedger
from tests.pipelines.shop import examples
from tests.replenishment.backorders.lines import ready_on, served_order, unit_by_unit

ITEMS = 2
UNITS = st.integers(1, 12)
ITEM = st.integers(0, ITEMS - 1)
AGE = st.integers(1, 5)


class Desk(RuleBasedStateMachine):
    """A shop in plain lists; after each step its ledger is allocated anew and held against them."""

    @initialize(served=st.sampled_from(RULES), whole=st.booleans(), shelf=st.lists(UNITS, min_size=2, max_size=2))
    def open(self, served: AllocationRule, whole: bool, shelf: list[int]) -> None:
        self.rule, self.whole = served, whole and served != "fair_share"
        self.today = 1000
        self.lines: list[dict[str, Any]] = []
        self.coming: list[list[int]] = []  # item, day, units
        self.on_hand, self.aside = shelf, [0] * ITEMS
        self.order([(k % ITEMS, 1 + 3 * k % 7, 0, 1 + k % 3, 5 - k) for k in range(5)])

    @rule(lines=st.lists(st.tuples(ITEM, UNITS, st.integers(-9, 9), st.integers(1, 3), AGE), min_size=1, max_size=6))
    def order(self, lines: list[tuple[int, int, int, int, int]]) -> None:
        for item, units, later, priority, age in lines:
            line = {"item": item, "quantity": units, "shipped": 0, "ordered": self.today - age, "reserved": 0}
            wanted = self.today + max(later, 0)
            self.lines.append({**line, "wanted": wanted, "cancelled_on": NEVER, "priority": priority})

    @rule(orders=st.lists(st.tuples(ITEM, UNITS, st.integers(0, 9)), min_size=1, max_size=4))
    def buy(self, orders: list[tuple[int, int, int]]) -> None:
        self.coming += [[item, self.today + days, units] for item, units, days in orders]

    @rule(item=ITEM, units=UNITS)
    def bring_back(self, item: int, units: int) -> None:
        self.on_hand[item] += units

    @rule(item=ITEM, units=st.integers(0, 20))
    def count(self, item: int, units: int) -> None:
        self.on_hand[item] = units

    @rule(item=ITEM, units=st.integers(0, 6))
    def set_aside(self, item: int, units: int) -> None:
        self.aside[item] = units

    @rule(data=st.data(), units=st.integers(1, 6))
    def set_aside_for_a_line(self, data: st.DataObject, units: int) -> None:
        line = data.draw(st.sampled_from(self.lines))
        line["reserved"] += units
        self.aside[line["item"]] += units

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.lines))["cancelled_on"] = self.today - 1

    @rule()
    def receive(self) -> None:
        for item, _, units in [each for each in self.coming if each[1] <= self.today]:
            self.on_hand[item] += units
        self.coming = [each for each in self.coming if each[1] > self.today]

    @rule()
    def ship_and_go_on(self) -> None:
        """Ship what is on hand for lines that want it now, then begin the next day."""
        ledger, sources, found = self.allocated()
        for line, source, units in zip(found.line, found.source, found.units, strict=True):
            whole_now = not self.whole or ready_on(found, sources, ledger)[line] <= self.today
            if source < ITEMS and ledger.wanted[line] <= self.today and whole_now:
                self.lines[line]["shipped"] += int(units)
                self.on_hand[int(sources.item[source])] -= int(units)
        self.aside = [0] * ITEMS
        for each in self.lines:
            each["reserved"] = 0
        self.today += 1

    def allocated(self) -> tuple[OrderLedger, Supply, Allocation]:
        columns = {name: [each[name] for each in self.lines] for name in ("item", "ordered", "wanted", "cancelled_on")}
        n = len(self.lines)
        names = ("quantity", "shipped", "priority", "reserved")
        floats = {name: [float(x[name]) for x in self.lines] for name in names}
        ledger = OrderLedger(
            self.today,
            rank=np.arange(n),
            shipped_on=np.where(np.array(floats["shipped"]) > 0, self.today - 1, NEVER),
            **{name: np.array(values, dtype=np.int64) for name, values in columns.items()},
            **{name: np.array(values, dtype=np.float64) for name, values in floats.items()},
        )
        rows = [[item, self.today, units] for item, units in enumerate(self.on_hand)]
        # What is overdue comes today at the earliest.
        rows += [[item, max(day, self.today), units] for item, day, units in self.coming]
        item, day, units = np.array(rows, dtype=np.int64).T
        sources = Supply(item, day, units.astype(float), np.arange(len(rows)), np.arange(len(rows)) < ITEMS)
        found = allocate(ledger, sources, np.array(self.aside, float), rule=self.rule, whole_lines=self.whole)
        return ledger, sources, found

    @invariant()
    def everything_holds(self) -> None:
        if not hasattr(self, "lines"):
            return
        found = self.allocated()
        self.the_ledger_adds_up(*found)
        self.no_unit_is_promised_twice(*found)
        self.nothing_lies_idle_while_somebody_waits(*found)
        self.nobody_is_overtaken(*found)
        self.units_go_where_single_units_would_go(*found)

    def the_ledger_adds_up(self, ledger: OrderLedger, _sources: Supply, _found: Allocation) -> None:
        naive = [0] * ITEMS
        for each in self.lines:
            if each["cancelled_on"] == NEVER:
                naive[each["item"]] += each["quantity"] - each["shipped"]
        assert ledger.waiting_by_item(ITEMS).tolist() == naive
        ordered = sum(each["quantity"] for each in self.lines)
        given_up = float((ledger.quantity - ledger.left)[ledger.cancelled].sum())
        assert ledger.left.sum() + ledger.waiting.sum() + given_up == ordered

    def no_unit_is_promised_twice(self, ledger: OrderLedger, sources: Supply, found: Allocation) -> None:
        handed = np.bincount(found.source, weights=found.units, minlength=len(sources))
        aside = np.minimum(self.aside, self.on_hand)
        to_names = np.bincount(
            found.source[found.from_reserve], weights=found.units[found.from_reserve], minlength=ITEMS
        )
        assert (to_names[:ITEMS] + found.kept == aside).all()
        kept = np.concatenate([found.kept, np.zeros(len(sources) - ITEMS)])
        assert (handed + kept <= sources.units).all()
        assert (found.left == sources.units - handed - kept).all()
        assert (found.units > 0).all()
        covered = np.bincount(found.line, weights=found.units, minlength=len(ledger))
        assert (covered == found.covered).all()
        assert (covered <= ledger.waiting).all()
        assert (ledger.item[found.line] == sources.item[found.source]).all()

    def nothing_lies_idle_while_somebody_waits(self, ledger: OrderLedger, sources: Supply, found: Allocation) -> None:
        short = ledger.waiting - found.covered
        for item in range(ITEMS):
            waits = short[(ledger.item == item) & (short > 0)]
            free = found.left[_of(item, found, self.coming)].sum()
            assert not len(waits) or free < (waits.min() if self.whole else 1)

    def nobody_is_overtaken(self, ledger: OrderLedger, sources: Supply, found: Allocation) -> None:
        """Of two lines wanted now the one that is served first by the rule is ready first, or as soon."""
        if self.rule == "fair_share" or any(self.aside) or self.whole:
            return
        day = ready_on(found, sources, ledger)
        for item in range(ITEMS):
            now = [
                k for k in served_order(ledger, self.rule) if ledger.item[k] == item and ledger.wanted[k] <= self.today
            ]
            assert day[now].tolist() == sorted(day[now].tolist())

    def units_go_where_single_units_would_go(self, ledger: OrderLedger, sources: Supply, found: Allocation) -> None:
        """What is set aside goes to those it is meant for, then to the oldest orders; the rest unit by unit."""
        aside = [min(wanted, there) for wanted, there in zip(self.aside, self.on_hand, strict=True)]
        naive: dict[tuple[int, int], int] = {}
        needed = ledger.waiting.astype(int).tolist()
        for named in (True, False):
            for k in served_order(ledger, "order_date"):
                item = int(ledger.item[k])
                most = min(needed[k], int(ledger.reserved[k])) if named else needed[k]
                units = min(most, aside[item])
                if units > 0:
                    naive[k, item] = naive.get((k, item), 0) + units
                    needed[k] -= units
                    aside[item] -= units
        reserve = found.from_reserve
        assert _units(found, reserve) == naive
        assert found.kept.tolist() == aside
        taken = np.bincount(found.source[reserve], found.units[reserve], len(sources)).astype(np.float64)
        taken[:ITEMS] += found.kept
        # What was given from the reserve has left; the rest of the ledger waits for the rest of the sources.
        rest = replace(ledger, shipped=ledger.quantity - needed, shipped_on=np.full(len(ledger), NEVER))
        free = replace(sources, units=sources.units - taken)
        given = _units(found, ~reserve)
        if self.rule == "fair_share":
            _shares_are_fair(rest, free, given)
        else:
            assert given == unit_by_unit(rest, free, self.rule, self.whole)


def _shares_are_fair(lines: OrderLedger, sources: Supply, given: dict[tuple[int, int], float]) -> None:
    """Of each source all that can use it at once get their share of its units, to less than one."""
    still = lines.waiting.copy()
    for s in np.lexsort((sources.rank, sources.day, sources.item)).tolist():
        rows = np.flatnonzero((lines.item == sources.item[s]) & (lines.wanted <= sources.day[s]))
        total = still[rows].sum()
        got = np.array([given.get((k, s), 0.0) for k in rows.tolist()])
        assert got.sum() == min(sources.units[s], total)
        assert (np.abs(got - still[rows] * min(sources.units[s] / max(total, 1.0), 1.0)) < 1 + 1e-9).all()
        still[rows] -= got


def _units(found: Allocation, rows: npt.NDArray[np.bool_]) -> dict[tuple[int, int], float]:
    """Units of each line and source among some entries."""
    units: dict[tuple[int, int], float] = {}
    for line, source, given in zip(found.line[rows], found.source[rows], found.units[rows], strict=True):
        units[int(line), int(source)] = units.get((int(line), int(source)), 0.0) + float(given)
    return units


def _of(item: int, found: Allocation, coming: list[list[int]]) -> list[int]:
    return [item, *(ITEMS + k for k, each in enumerate(coming) if each[0] == item)]


Desk.TestCase.settings = settings(max_examples=examples(100), stateful_step_count=20, deadline=None)
TestDesk = Desk.TestCase
