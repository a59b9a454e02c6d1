"""Due times: a ticket's ledger, the route of the cron job, and the job itself."""
