"""The SLA monitor: watches due times and tells, once, when one is nearly or already missed."""
