"""The stored HTML of comments, kept up to the rules it is made by."""
