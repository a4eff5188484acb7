"""From supplier records to lead-time distributions: censored orders, thin suppliers, breaks, closed days."""

from replenishment.lead_times.distribution import LeadTimes, gamma_reach
from replenishment.lead_times.fitting import ItemBases, LeadTimeFit, fit_lead_times
from replenishment.lead_times.open_days import OpenDays, closed_weekdays
from replenishment.lead_times.receipts import measure_receipts
from replenishment.lead_times.records import OrderRecords
from replenishment.lead_times.suppliers import SupplierLaw

__all__ = [
    "ItemBases",
    "LeadTimeFit",
    "LeadTimes",
    "OpenDays",
    "OrderRecords",
    "SupplierLaw",
    "closed_weekdays",
    "fit_lead_times",
    "gamma_reach",
    "measure_receipts",
]
