"""What holds for each item: its own row, its supplier's, the rules and the defaults; the nearest one wins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.config import PlanConfig, Rule
from pipelines.contracts import surely_within
from pipelines.errors import ConfigurationError
from pipelines.inputs import CheckedTables
from pipelines.jobs.offers import fill_main_supplier
from pipelines.tables import contract, kinds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["apply_rules", "item_keys", "item_parameters", "ruled"]

# What is assumed where no table and no default says anything.
BUILT_IN: Final = {"order_cost": 0.0, "holding_rate": 0.25, "moq": 0.0}
_FROM_SUPPLIER: Final = ("lead_time_days", "lead_time_sd_days", "review_days", "order_cost")
_RULED: Final = ("measure", "target", "unmet_demand", "patience_days", "policy", "review_days", "model")


def item_keys(tables: CheckedTables, sold: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the (sku, location) pairs to plan: all that sold, and all that the items table names.

    An items table without locations holds wherever its SKU is sold or kept; a SKU that is nowhere gets "main".
    """
    keys = set(sold)
    items = tables.get("items")
    if items is None:
        return sorted(keys)
    if not tables.items_everywhere:
        return sorted(keys | set(zip(items["sku"], items["location"], strict=True)))
    known = set(items["sku"])
    stock = tables.get("stock")
    if stock is not None:
        keys |= {key for key in zip(stock["sku"], stock["location"], strict=True) if key[0] in known}
    nowhere = known - {sku for sku, _ in keys}
    return sorted(keys | {(sku, "main") for sku in nowhere})


def item_parameters(tables: CheckedTables, config: PlanConfig, keys: list[tuple[str, str]]) -> pd.DataFrame:
    """Return one row a key with every item column, filled from the nearest source, and where it came from.

    Columns ``<name>_from`` say item, supplier, defaults, built-in or nothing for the columns a supplier may give.
    """
    import pandas as pd

    frame = pd.DataFrame(keys, columns=["sku", "location"])
    items = tables.get("items")
    if items is not None:
        on = ["sku"] if tables.items_everywhere else ["sku", "location"]
        frame = frame.merge(
            items.drop(columns=["location"]) if tables.items_everywhere else items,
            on=on,
            how="left",
            validate="many_to_one",
        )
    for name, kind in kinds("items").items():
        if name not in frame.columns:
            empty: Any = {"number": np.nan, "date": np.datetime64("NaT", "ns")}.get(kind)
            frame[name] = pd.Series([empty] * len(frame), dtype=None if kind in ("number", "date") else object)
    fill_main_supplier(frame, tables)
    _fill_from_suppliers(frame, tables.get("suppliers"))
    for name, value in config.defaults.items():
        if name not in kinds("items") or name in ("sku", "location"):
            raise ConfigurationError(f"defaults has {name!r}, which is no column of items")
        _check_default(name, value)
        _fill(frame, name, value, "defaults")
    for name, number in BUILT_IN.items():
        _fill(frame, name, number, "built-in")
    return frame


def _check_default(name: str, value: float | str) -> None:
    """A default must keep the contract of its column."""
    import pandas as pd

    wants_number = kinds("items")[name] == "number"
    if wants_number == isinstance(value, str):
        raise ConfigurationError(f"defaults.{name} is {value!r}; it must be {'a number' if wants_number else 'text'}")
    column, values = contract("items").columns[name], pd.Series([value], dtype=float if wants_number else object)
    if surely_within(column, values):
        return
    import pandera.errors
    import pandera.pandas as pa

    try:
        pa.DataFrameSchema({name: column.for_pandera()}).validate(pd.DataFrame({name: values}))
    except pandera.errors.SchemaError as problem:
        raise ConfigurationError(f"defaults.{name} is {value!r}, which breaks the rule {problem.check}") from None


def _fill_from_suppliers(frame: pd.DataFrame, suppliers: pd.DataFrame | None) -> None:
    for name in _FROM_SUPPLIER:
        frame[f"{name}_from"] = np.where(frame[name].notna(), "item", "")
        if suppliers is not None and name in suppliers.columns:
            theirs = frame["supplier"].map(suppliers.set_index("supplier")[name])
            frame[f"supplier_{name}"] = theirs
            _fill(frame, name, theirs, "supplier")
        else:
            frame[f"supplier_{name}"] = np.nan


def _fill(frame: pd.DataFrame, name: str, value: Any, source: str) -> None:
    """Fill what is empty and note the source."""
    empty = frame[name].isna()
    # A lead time and its spread belong together: a stated one of the item is not mixed with another's spread.
    if name == "lead_time_sd_days" and source != "item":
        empty &= (frame["lead_time_days_from"] == source) | (frame["lead_time_days_from"] == "")
    filled = frame[name].where(~empty, value)
    marked = f"{name}_from"
    if marked in frame.columns:
        frame[marked] = frame[marked].where(~(empty & filled.notna()), source)
    frame[name] = filled


def apply_rules(frame: pd.DataFrame, config: PlanConfig) -> pd.DataFrame:
    """Return what rules may set, and whether the target is not the configuration's.

    Last comes the rule that won, for each row.

    An item's own target (and review_days of an item or supplier) is nearest; then the first rule that matches and
    sets the field; then the configuration.

    Parameters
    ----------
    frame : with columns sku, location, category, supplier, class, target, review_days.
    """
    import pandas as pd

    out, winner = _settled(frame, config, _RULED)
    labels = [f"rule {number} ({rule.name})" for number, rule in enumerate(config.rules, start=1)]
    result = pd.DataFrame(out)
    result["target"] = result["target"].astype(float)
    result["own_target"] = winner["target"] != 0
    for name in ("review_days", "patience_days"):
        result[name] = pd.to_numeric(result[name])
    result["rule"] = [
        _who_won([winner[name][i] for name in _RULED], winner["target"][i], labels) for i in range(len(frame))
    ]
    return result


def ruled(frame: pd.DataFrame, config: PlanConfig, name: str) -> npt.NDArray[Any]:
    """Return one of the columns that :func:`apply_rules` gives, but for the target, and nothing of the others."""
    return _settled(frame, config, (name,))[0][name]


def _settled(
    frame: pd.DataFrame, config: PlanConfig, names: Sequence[str]
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, npt.NDArray[np.int64]]]:
    """Settle what rules may set, the measure before the target; and who won: 0 nobody, k the k-th rule, -1 the item."""
    n = len(frame)
    out = {name: np.full(n, getattr(config, name), dtype=object) for name in names}
    winner = {name: np.zeros(n, dtype=np.int64) for name in names}  # 0 configuration, k the k-th rule, -1 the item
    for name in names:
        if name in ("target", "review_days"):
            own = frame[name].notna().to_numpy()
            if name == "target":
                # An item's target is about the configured measure; where a rule set another one it says nothing.
                own = own & (out["measure"] == config.measure)
            out[name][own] = frame[name].to_numpy()[own]
            winner[name][own] = -1
        for number, rule in enumerate(config.rules, start=1):
            value = getattr(rule.set, name)
            if value is not None:
                hit = _matches(frame, rule) & (winner[name] == 0)
                out[name][hit] = value
                winner[name][hit] = number
    return out, winner


def _matches(frame: pd.DataFrame, rule: Rule) -> npt.NDArray[np.bool_]:
    matches = np.ones(len(frame), dtype=np.bool_)
    for column, values in rule.where.conditions().items():
        matches &= frame[column].isin(values).to_numpy()
    return matches


def _who_won(winners: list[int], target: int, labels: list[str]) -> str:
    """Name the rules that set any field of an item, and its own target."""
    names = [labels[number - 1] for number in sorted({int(w) for w in winners if w > 0})]
    return ", ".join([*names, *(["its own target"] if target == -1 else [])]) or "configuration"
