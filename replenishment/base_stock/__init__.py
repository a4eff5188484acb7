"""Base-stock policies: unit and compound Poisson demand, random lead times, disruptions."""
