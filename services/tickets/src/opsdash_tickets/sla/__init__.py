"""Due times: recompute for people, questions and breaches of the SLA monitor."""
