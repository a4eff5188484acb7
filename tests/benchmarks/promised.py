"""Promised and achieved backorder rate on the development sets: replays of earlier windows, or of the last ones.

    python -m tests.benchmarks.promised [--sets vn2 ...] [--targets 0.1 0.02 ...] [--every 1] [--windows 0 ...]
                                        [--last] [--correction auto] [--scope sku] [--corrected] [--baselines]

The windows stand here and nowhere else. Choose and tune on the earlier ones; the last ones are opened once, with
``--last``. Prints a table and, last, one JSON object: ``lines`` of each window, ``pooled`` over the windows of a set,
how many of those are ``kept`` (achieved within a point of promised, half a point at 1 %) and the ``signed_mean`` of
their differences. ``--every k`` takes every k-th SKU and place; ``--correction`` and ``--scope`` are the settings
``correction`` and ``target_scope``; ``--corrected`` adds replays whose promises are corrected by what the windows
before them achieved; ``--baselines`` replays the textbook rule too, as it is and tuned with hindsight to the rate that
the plan achieved (``stock_over_tuned`` is to be at most 1).
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from pipelines import Inputs, PlanConfig, ReplayResult, replay
from pipelines.jobs.baselines import Textbook
from pipelines.jobs.comparing import HINDSIGHT, Comparison, compare_rules
from pipelines.jobs.known_along import Fits
from pipelines.jobs.replay_frames import measured_units
from pipelines.jobs.tuning import evidence_of, learn_from
from replenishment.clustered_bootstrap import rate_interval
from tests.benchmarks.measuring import report
from tests.real.development_data import read

Window = tuple[str, str]
TARGETS: Final = (0.10, 0.05, 0.02, 0.01)
SETTINGS: Final[dict[str, Any]] = {"correction": "auto"}
_KEY = ["sku", "location"]


@dataclass(frozen=True)
class DevelopmentSet:
    """How a set is planned, and its windows: first and last period, the warm-up of one protection interval included.

    Attributes
    ----------
    earlier : windows to choose and tune on; what is measured of them, after the warm-up, does not overlap.
    last : the one that is opened once; no earlier window reaches into it.
    """

    frequency: str
    defaults: dict[str, float | str]
    earlier: tuple[Window, ...]
    last: Window
    review_days: float | None = None
    tables: tuple[str, ...] = ("sales", "items")
    more: dict[str, Any] = field(default_factory=dict)


SETS: Final[dict[str, DevelopmentSet]] = {
    "vn2": DevelopmentSet(
        "W-MON",
        {"lead_time_days": 14.0},
        (("2022-05-30", "2022-12-19"), ("2022-12-05", "2023-06-19"), ("2023-06-05", "2023-12-18")),
        ("2023-12-25", "2024-04-08"),
        review_days=7,
    ),
    "m5": DevelopmentSet(
        "D",
        {"lead_time_days": 10.0},
        (("2014-06-09", "2014-12-28"), ("2014-12-15", "2015-07-05"), ("2015-06-22", "2016-01-07")),
        ("2016-01-08", "2016-04-24"),
        review_days=7,
    ),
    "man_spare_parts": DevelopmentSet(
        "W-MON", {}, (("2012-09-24", "2013-06-03"),), ("2013-06-10", "2013-12-30"), review_days=7
    ),
    "auto_spare_parts": DevelopmentSet(
        "MS", {"lead_time_periods": 2.0}, (("2000-09-01", "2001-03-01"),), ("2001-04-01", "2001-12-01")
    ),
    "carparts": DevelopmentSet(
        "MS",
        {"lead_time_periods": 2.0},
        (("1999-01-01", "1999-12-01"), ("1999-10-01", "2000-09-01"), ("2000-07-01", "2001-06-01")),
        ("2001-07-01", "2002-03-01"),
        tables=("sales",),
        more={"missing_quantity": "unknown"},
    ),
    "store_item": DevelopmentSet(
        "D",
        {"lead_time_days": 7.0},
        (("2014-12-08", "2015-07-19"), ("2015-07-06", "2016-01-17"), ("2016-03-07", "2016-09-17")),
        ("2016-09-18", "2016-12-31"),
        review_days=7,
        tables=("sales",),
    ),
}


def inputs_of(name: str, every: int = 1) -> Inputs:
    """The tables of a set, of every k-th SKU and place."""
    tables = {table: read(name, table) for table in SETS[name].tables}
    keys = tables["sales"][_KEY].drop_duplicates().sort_values(_KEY, ignore_index=True).iloc[::every]
    return Inputs(**{table: frame.merge(keys, on=_KEY) for table, frame in tables.items()})


def config_of(name: str, **changes: Any) -> PlanConfig:
    """The configuration of a set, as the contract states it."""
    own = SETS[name]
    settings = {"frequency": own.frequency, "review_days": own.review_days, "defaults": own.defaults, **own.more}
    return PlanConfig(**{**settings, **changes})


def windows_of(name: str, last: bool = False) -> tuple[tuple[dt.date, dt.date], ...]:
    """The earlier windows of a set, or its last one."""
    chosen = (SETS[name].last,) if last else SETS[name].earlier
    return tuple((dt.date.fromisoformat(a), dt.date.fromisoformat(b)) for a, b in chosen)


@dataclass
class Pooled:
    """Promised and achieved of a set and target over several windows, those of each added as further blocks of time."""

    name: str
    target: float
    corrected: int
    short: list[Any] = field(default_factory=list)
    demanded: list[Any] = field(default_factory=list)
    promised: float = 0.0
    stock: float = 0.0

    def add(self, result: ReplayResult) -> None:
        """Add a window; the items are those of the tables, the same in every one."""
        self.keys, short, demanded = measured_units(result.trace, seed=0)
        before = result.trace.items["demanded_before"].to_numpy(bool)[:, None]
        self.short.append(np.where(before, short, 0.0))
        self.demanded.append(np.where(before, demanded, 0.0))
        self.promised += float(result.summary["promised"]) * float(self.demanded[-1].sum())
        self.stock += float(result.summary["mean_stock"])

    def line(self) -> dict[str, Any]:
        short, demanded = (np.concatenate(blocks, axis=1) for blocks in (self.short, self.demanded))
        low, high = rate_interval(short, demanded, self.keys)
        promised, achieved = self.promised / demanded.sum(), short.sum() / demanded.sum()
        return {
            "set": self.name,
            "windows": len(self.short),
            "target": self.target,
            "corrected_by": self.corrected,
            "promised": round(float(promised), 5),
            "achieved": round(float(achieved), 5),
            "difference": round(float(achieved - promised), 5),
            "low": round(low, 5),
            "high": round(high, 5),
            "units": round(float(demanded.sum())),
            "mean_stock": round(self.stock / len(self.short), 1),
            "kept": bool(abs(achieved - promised) <= (0.005 if self.target <= 0.01 else 0.01)),
        }


def _line(
    name: str, window: tuple[dt.date, dt.date], target: float, result: ReplayResult, corrected: int
) -> dict[str, Any]:
    summary = result.summary
    forecast = result.items.loc[result.items["demanded_before"], "units_forecast"].sum()
    return {
        "set": name,
        "from": str(window[0]),
        "to": str(window[1]),
        "target": target,
        "corrected_by": corrected,
        **{k: round(float(summary[k]), 5) for k in ("promised", "achieved", "difference", "low", "high")},
        "items": int(result.service["items"][0]),
        "units": round(float(summary["units_demanded"])),
        "stock": round(float(summary["mean_stock"]), 1),
        "asked": f"{result.reviews['asked'].min():.2f}-{result.reviews['asked'].max():.2f}",
        "forecast_over_actual": round(float(forecast / summary["units_demanded"]), 3),
    }


def _rivals(compared: Comparison) -> dict[str, Any]:
    """What rules of thumb achieved, and the stock of the plan over that of the textbook rule tuned with hindsight.

    In value where there is any, else in units.
    """
    table = compared.table.set_index("rule")
    valued = (table["mean_stock_value"] > 0).all()
    units, stock = table["mean_stock"], table["mean_stock_value" if valued else "mean_stock"]
    tuned = HINDSIGHT in table.index
    return {
        "textbook_achieved": round(float(table["achieved"]["textbook"]), 5),
        "tuned_z": round(float(table["z"][HINDSIGHT]), 2) if tuned else None,
        "tuned_achieved": round(float(table["achieved"][HINDSIGHT]), 5) if tuned else None,
        "tuned_stock": round(float(stock[HINDSIGHT]), 1) if tuned else None,
        "stock_over_tuned": round(float(stock["plan"] / stock[HINDSIGHT]), 3) if tuned else None,
        "units_over_tuned": round(float(units["plan"] / units[HINDSIGHT]), 3) if tuned else None,
        "compared_by": "value" if valued else "units",
    }


def _replayed(
    inputs: Inputs, config: PlanConfig, window: tuple[dt.date, dt.date], fits: Fits, baselines: bool
) -> tuple[ReplayResult, dict[str, Any]]:
    """Replay the plan; with what its rivals did, where that is wanted."""
    if not baselines:
        return replay(inputs, config, *window, fits=fits), {}
    compared = compare_rules(inputs, config, *window, [Textbook()], fits=fits)
    return compared.results["plan"], _rivals(compared)


def lines_of(
    name: str,
    targets: Sequence[float],
    every: int,
    last: bool,
    corrected: bool,
    baselines: bool = False,
    settings: dict[str, Any] | None = None,
    numbers: Sequence[int] | None = None,
    pooled: dict[tuple[str, float, int], Pooled] | None = None,
) -> Iterator[dict[str, Any]]:
    """Replay the windows of a set in their order; each learns from those before it, never from itself.

    ``corrected_by`` : windows behind the correction; 0: as forecast.
    """
    inputs, evidence = inputs_of(name, every), list[pd.DataFrame]()
    settings, pooled = SETTINGS if settings is None else settings, {} if pooled is None else pooled

    def pool(target: float, corrected_by: int, result: ReplayResult) -> None:
        key = name, target, corrected_by
        pooled.setdefault(key, Pooled(*key)).add(result)

    earlier = [w for k, w in enumerate(windows_of(name)) if numbers is None or k in numbers]
    for window in (*earlier, *(windows_of(name, last=True) if last else ())):
        opened = last == (window == windows_of(name, last=True)[0])
        fits: Fits = {}
        learned = learn_from(pd.concat(evidence)).correction if corrected and evidence else None
        for target in targets:
            if not opened and not corrected:
                continue
            config = config_of(name, target=target, **settings)
            plain, rivals = _replayed(inputs, config, window, fits, baselines and opened)
            evidence.append(evidence_of(plain, str(window[0])))
            if opened:
                pool(target, 0, plain)
                yield _line(name, window, target, plain, 0) | rivals
            if opened and learned is not None:
                asked = config_of(name, target=target, correction=learned)
                better, rivals = _replayed(inputs, asked, window, fits, baselines)
                pool(target, learned.windows, better)
                yield _line(name, window, target, better, learned.windows) | rivals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=tuple(SETS), default=list(SETS))
    parser.add_argument("--targets", nargs="+", type=float, default=list(TARGETS))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--last", action="store_true")
    parser.add_argument("--windows", nargs="+", type=int, help="numbers of the earlier windows, from 0; default: all")
    parser.add_argument("--correction", choices=("auto", "none", "online"), default=SETTINGS["correction"])
    parser.add_argument("--scope", choices=("sku", "total"), default="sku")
    parser.add_argument("--corrected", action="store_true")
    parser.add_argument("--baselines", action="store_true")
    options = parser.parse_args()
    began, lines = time.process_time(), []
    # Windows teach what replays without any other correction achieved.
    settings = {"correction": "none" if options.corrected else options.correction, "target_scope": options.scope}
    pooled: dict[tuple[str, float, int], Pooled] = {}
    for name in options.sets:
        how = options.every, options.last, options.corrected, options.baselines, settings, options.windows, pooled
        for line in lines_of(name, options.targets, *how):
            lines.append(line)
            print(pd.DataFrame([line]).to_string(index=False, header=len(lines) == 1), flush=True)
    together = [p.line() for p in pooled.values()]
    print(pd.DataFrame(together).to_string(index=False))
    report(
        benchmark="promised",
        settings=settings,
        lines=lines,
        pooled=together,
        kept=sum(line["kept"] for line in together),
        signed_mean=round(float(np.mean([line["difference"] for line in together])), 5),
        cpu_seconds=round(time.process_time() - began, 1),
        load=os.getloadavg()[0],
    )


if __name__ == "__main__":
    main()
