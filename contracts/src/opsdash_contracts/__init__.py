"""Event contracts of OpsDash Support: envelope, payload models, topic catalogue."""
