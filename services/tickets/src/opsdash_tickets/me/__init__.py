"""The caller: their orgs and preferences."""
