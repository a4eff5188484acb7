"""Stock: lead times, policies, constraints, order lines, backorders, simulation.

This package takes demand as a distribution or as paths (``forecasting.distributions``) and knows no model.
"""
