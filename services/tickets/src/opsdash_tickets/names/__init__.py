"""The names of whom and what tickets point to."""
