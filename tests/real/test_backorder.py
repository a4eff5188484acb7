"""Which of 209,715 real items went on backorder: a ranking without training, and one learnt from half of them.

Run as a module, this prints the table: ``python -m tests.real.test_backorder``.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split

from replenishment.backorders.snapshot_risk import SnapshotRisk, StockSnapshot, need_over_cover
from tests.real.development_data import needs, read

pytestmark = needs("backorder")

Floats = npt.NDArray[np.float64]
MONTHS_AHEAD, MONTHS_BACK = (3, 6, 9), (1, 3, 6, 9)
FLAGS = ("potential_issue", "deck_risk", "oe_constraint", "ppap_risk", "stop_auto_buy", "rev_stop")
NUMBERS = ("lead_time", "min_bank", "pieces_past_due", "perf_6_month_avg", "perf_12_month_avg", "local_bo_qty")


@cache
def table() -> pd.DataFrame:
    frame = read("backorder", "snapshot")
    # -99 stands for an unknown performance.
    known = {name: frame[name].where(frame[name] >= 0) for name in ("perf_6_month_avg", "perf_12_month_avg")}
    return frame.assign(**known)


def snapshot(frame: pd.DataFrame) -> StockSnapshot:
    return StockSnapshot(
        on_hand=frame["national_inv"].to_numpy(float),
        on_order=frame["in_transit_qty"].to_numpy(float),
        forecast=frame[[f"forecast_{k}_month" for k in MONTHS_AHEAD]].to_numpy(float),
        sold=frame[[f"sales_{k}_month" for k in MONTHS_BACK]].to_numpy(float),
        other=frame[[*NUMBERS, *FLAGS]].to_numpy(float),
    )


@cache
def halves() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The items to learn from, and those to judge by."""
    learn, judge = train_test_split(np.arange(len(table())), test_size=0.5, stratify=labels(), random_state=0)
    return learn, judge


def untrained() -> Floats:
    """The ranking of all items that needs no training."""
    names = ("national_inv", "in_transit_qty", "forecast_3_month", "sales_3_month")
    return need_over_cover(*(table()[name].to_numpy(float) for name in names))


@cache
def trained() -> Floats:
    """Probabilities of the half that nothing was learnt from."""
    learn, judge = halves()
    model = SnapshotRisk().fit(snapshot(table().iloc[learn]), labels()[learn])
    probability = model.probability(snapshot(table().iloc[judge]))
    assert abs(probability.mean() / labels()[judge].mean() - 1) < 0.15
    return probability


def labels() -> npt.NDArray[np.bool_]:
    """Which items went on backorder."""
    return np.asarray(table()["went_on_backorder"].to_numpy(bool))


def areas(label: npt.NDArray[np.bool_], score: Floats) -> tuple[float, float]:
    return float(roc_auc_score(label, score)), float(average_precision_score(label, score))


def test_need_over_cover_ranks_without_training() -> None:
    """Seen: ROC-AUC 0.918, PR-AUC 0.103 on all items, of which 0.85 % went on backorder."""
    roc, precision = areas(labels(), untrained())
    assert (roc >= 0.90, precision >= 0.09) == (True, True)


@pytest.mark.thorough
def test_trees_rank_better_on_items_they_never_saw() -> None:
    """Seen: ROC-AUC 0.945, PR-AUC 0.22."""
    _, judge = halves()
    roc, precision = areas(labels()[judge], trained())
    assert (roc >= 0.94, precision >= 0.19) == (True, True)
    assert roc > areas(labels()[judge], untrained()[judge])[0]


if __name__ == "__main__":
    label, judge = labels(), halves()[1]
    for name, truth, score in (
        ("untrained, all", label, untrained()),
        ("untrained", label[judge], untrained()[judge]),
        ("trained", label[judge], trained()),
    ):
        roc, precision = areas(truth, score)
        print(f"{name:16} ROC-AUC {roc:.4f}  PR-AUC {precision:.4f}")
