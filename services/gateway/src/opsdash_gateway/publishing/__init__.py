"""Events of the gateway itself, to the broker."""
