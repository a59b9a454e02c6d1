"""The tables of the service, and the migrations that make them."""
