"""The list of tickets: views, filters, export, changes of many rows."""
