"""Reading the responses of other HTTP servers."""
