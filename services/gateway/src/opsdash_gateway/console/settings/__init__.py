"""Settings: pages of one frame, some of a person's own, some of the workspace."""
