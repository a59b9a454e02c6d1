"""How much of its plate's cap an org uses: counters, slots, notices."""
