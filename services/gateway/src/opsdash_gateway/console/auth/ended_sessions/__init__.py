"""Sessions that are over before their twelve hours: who ends them, and how every replica learns of it."""
