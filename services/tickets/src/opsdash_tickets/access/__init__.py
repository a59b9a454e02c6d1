"""Who may do what here: how a request enters an org, and what its caller may do there."""
