"""The replica of the workspace directory: orgs and members."""
