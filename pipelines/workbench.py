"""A shop on the workbench: its tables, its plan and what follows, each made when it is first asked for. For notebooks.

A workbench holds what the tables alone say: orders released, overrides and dates told, which a workspace remembers,
are not in its plan.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.execution import Mapper, default_jobs, thread_mapper
from pipelines.inputs import CheckedTables, Inputs, check_inputs

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from forecasting.forecaster import DemandForecaster
    from forecasting.panel import DemandPanel
    from pipelines.config import PlanConfig
    from pipelines.jobs.backordering import BackorderResult
    from pipelines.jobs.comparing import Comparison
    from pipelines.jobs.exchanging import Exchange
    from pipelines.jobs.planning import Plan, PlanResult
    from pipelines.jobs.replaying import ReplayResult
    from replenishment.simulation.case import Case

__all__ = ["Workbench", "open_workbench"]


@dataclass(frozen=True, eq=False)
class Workbench:
    """Inputs, configuration, and everything that can be asked of them.

    Attributes
    ----------
    inputs, config : as for a plan. scenarios : settings of those that the configuration describes, by name.
    run : how independent pieces are run; no result depends on it.
    """

    inputs: Inputs
    config: PlanConfig
    scenarios: Mapping[str, Any] = field(default_factory=dict)
    run: Mapper = field(default_factory=lambda: thread_mapper(default_jobs()), repr=False)
    _replays: dict[tuple[dt.date, dt.date], Comparison] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def made(self) -> Plan:
        """The plan and all that it was made of; the frames are in ``plan``."""
        from pipelines.jobs.planning import make_plan

        return make_plan(self.inputs, self.config, run=self.run)

    @cached_property
    def plan(self) -> PlanResult:
        """The plan as frames, with its simulation where the configuration wants one."""
        from pipelines.jobs.planning import plan_frames
        from pipelines.jobs.simulating import simulate_plan

        wanted = self.config.simulation_paths > 0
        return plan_frames(self.made, simulate_plan(self.made, run=self.run) if wanted else None)

    @property
    def panel(self) -> DemandPanel:
        """The demand after cleaning, n items by periods, and how well each cell is known."""
        return self.made.panel

    @property
    def forecaster(self) -> DemandForecaster:
        """The fitted forecaster."""
        return self.made.forecaster

    @property
    def items(self) -> pd.DataFrame:
        """The parameters of every item as they were resolved from tables, rules and defaults."""
        return self.made.items

    def table(self, name: str) -> pd.DataFrame:
        """An input table as it was understood: checked and typed; empty where it was not given. Not for ``sales``."""
        import pandas as pd

        found = self.made.tables.get(name)
        return pd.DataFrame() if found is None else found

    def row(self, sku: str, location: str = "main") -> int:
        """The row of an item in the panel, the forecaster and the frames of the plan."""
        from pipelines.jobs.trade_offs import row_of_item

        return row_of_item(self.made, sku, location)

    def past(self, sku: str, location: str = "main", days: int = 365) -> pd.DataFrame:
        """The newest demand of an item: date, quantity, status, observed, estimated_demand (where out of stock).

        Periods before its launch and after its end are left out.
        """
        import pandas as pd

        row = self.row(sku, location)
        frame = self.panel.take(slice(row, row + 1)).to_frame()
        outs = self.made.stock_outs
        own = outs[(outs["sku"] == sku) & (outs["location"] == location)].set_index("date")["estimated_demand"]
        frame["observed"] = self.panel.observed[row]
        frame["estimated_demand"] = own.reindex(pd.DatetimeIndex(frame["date"])).to_numpy(float)
        frame = frame[~frame["status"].isin(["not_launched", "discontinued"])]
        return frame.tail(max(round(days / self.panel.calendar.frequency.mean_days), 1)).reset_index(drop=True)

    def coming(self, periods: int) -> npt.NDArray[np.datetime64]:
        """The as-of opening and those after it; (periods + 1,) dates."""
        calendar = self.panel.calendar
        return calendar.openings_from(calendar.periods, periods + 1).astype("datetime64[D]")

    def table_counts(self) -> pd.DataFrame:
        """Rows of each table: used and set aside."""
        from pipelines.trust import table_counts

        return table_counts(self.made)

    def concerns(self) -> pd.DataFrame:
        """What weakens the plan, worst first: severity, code, message, count."""
        import pandas as pd

        from pipelines.trust import Concern, concerns_of

        return pd.DataFrame(
            [vars(concern) for concern in concerns_of(self.made)], columns=list(Concern.__annotations__)
        )

    def trade_off(self, sku: str, location: str = "main") -> pd.DataFrame:
        """What an item's safety stock buys; see :func:`pipelines.jobs.trade_offs.trade_off`."""
        from pipelines.jobs.trade_offs import trade_off

        return trade_off(self.made, sku, location)

    def service_of_levels(self, levels: Any, sku: str, location: str = "main") -> pd.DataFrame:
        """What levels of one's own would promise; see :func:`pipelines.jobs.trade_offs.service_of_levels`."""
        from pipelines.jobs.trade_offs import service_of_levels

        return service_of_levels(self.made, levels, sku, location)

    def exchange(self, wanted: float | None = None) -> Exchange | None:
        """Stock value against backorder rate of all items; see :class:`pipelines.jobs.exchanging.Exchange`.

        ``wanted``: the total backorder rate to be reached as cheaply as possible; default: the plan's own.
        """
        from pipelines.jobs.exchanging import trade_stock_for_service

        made = self.made
        facts, levels, waits = made.facts, made.levels, made.lead_times
        return trade_stock_for_service(made.items, facts, levels, waits, made.held, made.forecaster, wanted, self.run)

    def case(self, *, paths: int | None = None, days: float | None = None) -> Case:
        """The plan's policies as a simulation in steady state, for scenarios."""
        from pipelines.jobs.simulating import case_of_plan

        return case_of_plan(self.made, paths=paths, days=days)

    @cached_property
    def backorders(self) -> BackorderResult:
        """Who waits, what covers them, and why."""
        from pipelines.jobs.backordering import tend_backorders

        return tend_backorders(self.made, run=self.run)

    def window(self, days: int, before: int = 0) -> tuple[dt.date, dt.date]:
        """First days of the first and last period of the newest ``days`` of the record, ``before`` days earlier."""
        calendar = self.panel.calendar
        length = calendar.frequency.mean_days
        last = calendar.periods - 1 - round(before / length)
        first = last + 1 - max(round(days / length), 1)
        dates = calendar.dates.astype("datetime64[D]")
        if first < 1:
            raise ValueError(f"{days} days, {before} days ago, lie before the record, which begins on {dates[0]}")
        return dates[first].item(), dates[last].item()

    def replay(self, start: dt.date, end: dt.date) -> ReplayResult:
        """Plan again and again along history and see what would have happened."""
        return self.compare(start, end).results["plan"]

    def compare(self, start: dt.date, end: dt.date) -> Comparison:
        """The same replay for the plan and for rules of thumb, which share its reviews."""
        from pipelines.jobs.comparing import compare_rules

        if (start, end) not in self._replays:
            self._replays[start, end] = compare_rules(self.inputs, self.config, start, end, hindsight=False)
        return self._replays[start, end]


@lru_cache(maxsize=2)
def open_workbench(config: str | Path | None = None, *, skus: int | None = None) -> Workbench:
    """Put a shop on the workbench; the same shop again is the same workbench.

    Parameters
    ----------
    config : path of a ``restock.toml``; None takes the generated demo shop.
    skus : so many SKUs only, for a quick look, spread evenly over all, with those that they replace and one that sold
        to the last. They are cut from the rows that passed the checks: a slice of your own tables has no quarantine.

    Raises
    ------
    ConfigurationError
        A configuration that is missing or can't be carried out. InputError : a table that can't be used.
    """
    if config is None:
        from pipelines.demo import demo_config, demo_tables

        return Workbench(Inputs(**demo_tables(**({} if skus is None else {"skus": skus})).tables), demo_config())
    from pipelines.project import open_project

    project = open_project(Path(config))
    inputs = project.inputs if skus is None else _sliced(check_inputs(project.inputs, project.config), skus)
    return Workbench(inputs, project.config, project.scenarios)


def _sliced(tables: CheckedTables, count: int) -> Inputs:
    """The rows of some SKUs, and the rows that are about no SKU."""
    import numpy as np

    sales = _sales_rows(tables)
    known = np.unique(tables.frames.get("items", sales)["sku"].to_numpy(str))
    chosen = set(known[np.unique(np.linspace(0, len(known) - 1, min(count, len(known))).round().astype(int))])
    # One that sold to the last keeps the record's end, and with it as_of, where it was.
    chosen.add(str(sales.loc[sales["date"] == sales["date"].max(), "sku"].min()))
    chosen = _with_predecessors(tables, chosen)
    frames = {"sales": sales, **tables.frames}
    if tables.items_everywhere:
        frames["items"] = frames["items"].drop(columns="location", errors="ignore")
    for name, frame in frames.items():
        kept = np.ones(len(frame), dtype=np.bool_)
        for column in {"sku", "substitute"} & set(frame.columns):
            kept &= (frame[column].isin(chosen) | frame[column].isna()).to_numpy()
        frames[name] = frame[kept].reset_index(drop=True)
    return Inputs(**frames)


def _sales_rows(tables: CheckedTables) -> pd.DataFrame:
    """The good rows of the sales, returns among them where these are kept apart."""
    import pyarrow as pa

    from pipelines.sales import CHANNEL_MARK

    names = [name for name in ("sku", "location", "date", "quantity", "in_stock") if name in tables.sales.columns]
    batches = [*tables.sales.scan(names), *(batch.select(names) for batch in tables.sales.returned)]
    frame: pd.DataFrame = pa.concat_tables(
        [pa.Table.from_batches([b]).unify_dictionaries() for b in batches]
    ).to_pandas()
    for name in {"sku", "location"} & set(names):
        frame[name] = frame[name].astype(object)
    if "location" in names:
        place = frame["location"].str.split(CHANNEL_MARK, n=1, expand=True)
        frame["location"] = place[0]
        if place.shape[1] > 1:
            frame["channel"] = place[1]
    return frame


def _with_predecessors(tables: CheckedTables, chosen: set[str]) -> set[str]:
    """Add what the chosen SKUs replace, and what that replaced."""
    items = tables.get("items")
    if items is None or "successor_of" not in items.columns:
        return chosen
    before = items.dropna(subset="successor_of").groupby("sku")["successor_of"].agg(",".join)
    found, new = set(chosen), set(chosen)
    while new:
        named = before.reindex(sorted(new)).dropna()
        # A name may be a list of names; what is no SKU chooses no rows.
        new = (set(named) | set(named.str.split(r"[,;|]").explode().str.strip())) - found
        found |= new
    return found
