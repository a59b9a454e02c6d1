"""Lists of tickets: filters, search, pages, CSV export."""
