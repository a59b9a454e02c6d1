"""The sweep: finds deadlines that are due and publishes their warnings and breaches."""
