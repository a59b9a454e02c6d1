"""The search index kept up to its rules, and to the names of contacts and companies."""
