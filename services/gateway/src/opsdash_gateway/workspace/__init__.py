"""The sync API: the workspace directory as OpsDash writes it."""
