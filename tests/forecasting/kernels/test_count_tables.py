"""The table of counts against SciPy's negative binomial."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecasting.kernels.count_tables import CELLS, PART_CELLS, count_table, table_dispersions, table_means

TABLE = count_table()
PART, CELL = np.divmod(np.arange(CELLS), PART_CELLS)
# A cell's probability; the first cells of all parts but the last are covered by the next part.
WEIGHT = np.where((PART < 3) & (CELL < PART_CELLS // 16), 0.0, 16.0**-PART / PART_CELLS)


def test_every_row_has_its_mean_and_its_variance() -> None:
    mean, dispersion = np.r_[table_means(), 1.0], table_dispersions()[:, None]
    assert WEIGHT.sum() == 1
    np.testing.assert_allclose((TABLE * WEIGHT).sum(axis=2), np.tile(mean, (len(TABLE), 1)), rtol=1e-6, atol=1e-12)
    # What a cell's own scatter lacks, the random rounding to a whole number adds.
    over = TABLE % 1
    whole = ((TABLE.astype(float) ** 2 + over * (1 - over)) * WEIGHT).sum(axis=2) - mean**2
    truth = mean + dispersion * mean**2
    few = (mean > 0.1) & (dispersion < 2) & (np.arange(len(mean)) < len(mean) - 1)
    np.testing.assert_allclose((whole / np.where(mean > 0, truth, 1.0))[few], 1, atol=0.04)
    gamma = ((TABLE[:, -1].astype(float) ** 2) * WEIGHT).sum(axis=1) - 1
    np.testing.assert_allclose(gamma, dispersion[:, 0], rtol=5e-3)


@pytest.mark.parametrize(("row", "column"), [(0, 16), (20, 3), (26, 40), (30, 60), (40, 30), (36, 90)])
def test_a_cell_holds_the_mean_of_its_counts(row: int, column: int) -> None:
    """Its mean count is the difference of partial expectations, E[X; X >= x] = mean P(X' >= x - 1), size r + 1."""
    mean, size = table_means()[column], 1 / table_dispersions()[row]
    truth, larger = stats.nbinom(size, size / (size + mean)), stats.nbinom(size + 1, size / (size + mean))
    used = (WEIGHT > 0) & (CELL > 0) & ((PART > 0) | (CELL < PART_CELLS - 1))
    lower = (CELL * 16.0**-PART / PART_CELLS)[used]
    upper = lower + WEIGHT[used]

    def above(tail: np.ndarray) -> np.ndarray:
        count = truth.isf(tail)
        return mean * larger.sf(count - 1) + count * (tail - truth.sf(count))

    expected = (above(upper) - above(lower)) / (upper - lower)
    np.testing.assert_allclose(TABLE[row, column][used], expected, rtol=2e-4, atol=2e-5)
