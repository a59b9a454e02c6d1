"""The ticket itself: rules, reading, creating, changing."""
