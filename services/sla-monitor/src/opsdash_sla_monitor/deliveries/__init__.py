"""Who was told of a warning or breach, by which channel, or why not, as the notifications service reports it."""
