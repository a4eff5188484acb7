"""The fitted planner as an MLflow model, logged as this very code: it loads Parquet and JSON, never a pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

from forecasting import DemandForecaster

LEVELS = (0.5, 0.9, 0.95, 0.99)


class PlannerModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Quantiles of the demand over some periods.

    Takes a frame with sku, location and periods (length of the interval, from the end of the history on), and
    ``params={"levels": [0.5, 0.95]}``; gives it back with mean and one column a level (``q0.95``), in units.
    """

    def load_context(self, context: Any) -> None:
        """Read the forecaster from the files beside this code."""
        self.forecaster = DemandForecaster.load(Path(context.artifacts["planner"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Answer for each row; a SKU and location that the planner does not know is an error."""
        place = {key: row for row, key in enumerate(self.forecaster.panel_.keys)}
        wanted = list(zip(model_input["sku"], model_input["location"], strict=True))
        unknown = sorted({f"{sku} at {location}" for sku, location in wanted if (sku, location) not in place})
        if unknown:
            raise ValueError(f"the planner was fitted without {', '.join(unknown[:5])}: fit it anew with their sales")
        rows = np.array([place[key] for key in wanted], dtype=np.int64)
        demand = self.forecaster.lead_time_demand(model_input["periods"].to_numpy(np.int64), rows=rows)
        levels = (params or {}).get("levels", LEVELS)
        quantiles = {f"q{level:g}": demand.quantile(float(level)) for level in levels}
        return model_input[["sku", "location", "periods"]].assign(mean=demand.mean(), **quantiles)


mlflow.models.set_model(PlannerModel())
