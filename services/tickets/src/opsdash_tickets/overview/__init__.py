"""What surrounds the list: support settings, counts, insights, pickers."""
