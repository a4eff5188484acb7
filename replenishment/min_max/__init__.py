"""Min-max policies (s, S) and (R, s, S): exact, approximate, non-stationary, from data."""
