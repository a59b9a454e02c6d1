"""The gateway: the only public door; composes REST and pages, stores nothing."""
