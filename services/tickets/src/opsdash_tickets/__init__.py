"""The tickets service: owns tickets, their history, counters and the directory replica."""
