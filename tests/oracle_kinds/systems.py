"""Records on networks, censored demand and conformal bounds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from forecasting.censored_demand import censored_exponential_mean, censored_poisson_mean
from forecasting.conformal_quantile import conformal_bound, conformal_rank
from replenishment.demand_distributions import Demand, NormalDemand, PoissonDemand
from replenishment.networks.guaranteed_service import ServiceStage, guaranteed_service_times
from replenishment.networks.serial import SerialSystem, optimal_echelon_base_stock
from tests.oracle_kinds.common import Kind, Values


def _echelon_costs(nodes: list[Values]) -> list[float]:
    """Return echelon holding costs from the customer's stage on, from local ones where they are missing."""
    if all(node.get("echelon_holding_cost") is not None for node in nodes):
        return [float(node["echelon_holding_cost"]) for node in nodes]
    local = [float(node["local_holding_cost"]) for node in nodes] + [0.0]
    return [here - upstream for here, upstream in pairwise(local)]


def _rate(demand: Values) -> Demand:
    mean = float(np.ravel(demand["mean"])[0])
    if demand["type"] == "P":
        return PoissonDemand(mean)
    return NormalDemand(mean, float(np.ravel(demand["sd"])[0]))


def _serial(inputs: Values, _: Values) -> Values:
    names = sorted(inputs["nodes"], key=int)
    if not inputs["nodes"][names[0]].get("stockout_cost"):
        names.reverse()
    nodes = [inputs["nodes"][name] for name in names]
    system = SerialSystem(
        echelon_holding_costs=_echelon_costs(nodes),
        lead_times=[node["lead_time"] for node in nodes],
        stockout_cost=nodes[0]["stockout_cost"],
    )
    found = optimal_echelon_base_stock(system, _rate(inputs["demand"]))
    return {"echelon_base_stock": dict(zip(names, found.echelon_base_stock, strict=True)), "cost": found.cost}


def _stage(node: Values) -> ServiceStage:
    outbound = node.get("external_outbound_cst")
    return ServiceStage(
        processing_time=node["processing_time"],
        holding_cost=node["local_holding_cost"],
        safety_factor=node["demand_bound_constant"],
        demand_sd=node.get("net_demand_sd") or 0.0,
        external_inbound=node.get("external_inbound_cst") or 0.0,
        external_outbound=None if outbound is None else float(outbound),
    )


def _guaranteed_service(inputs: Values, _: Values) -> Values:
    stages = {name: _stage(node) for name, node in inputs["nodes"].items()}
    found = guaranteed_service_times(stages, [(str(supplier), str(customer)) for supplier, customer in inputs["edges"]])
    return {"cost": found.cost, "cst": found.service_times}


def _censored_exponential(inputs: Values, _: Values) -> Values:
    return {
        "mean": censored_exponential_mean(inputs["sales"], inputs["censored"]),
        "naive_mean": float(np.mean(inputs["sales"])),
    }


def _censored_poisson(inputs: Values, _: Values) -> Values:
    sales, censored = np.asarray(inputs["sales"], dtype=float), np.asarray(inputs["censored"], dtype=bool)
    return {
        "mean": censored_poisson_mean(sales, censored),
        "naive_mean": float(sales.mean()),
        "uncensored_only_mean": float(sales[~censored].mean()),
    }


def _conformal(inputs: Values, _: Values) -> Values:
    return {
        "k": conformal_rank(len(inputs["residuals"]), inputs["tau"]),
        "q": conformal_bound(inputs["residuals"], inputs["tau"]),
    }


SYSTEMS: dict[str, Kind] = {
    "serial_clark_scarf_normal": _serial,
    "serial_echelon_base_stock_poisson": _serial,
    "guaranteed_service_tree": _guaranteed_service,
    "censored_exponential_mean": _censored_exponential,
    "censored_poisson_mean": _censored_poisson,
    "conformal_quantile": _conformal,
}
