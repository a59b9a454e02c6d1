"""The replica of orgs and members."""
