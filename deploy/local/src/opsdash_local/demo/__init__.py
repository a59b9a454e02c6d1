"""The demo workspace: orgs, people and tickets to look at on a fresh machine."""
