"""The pages: they call the upstream services as REST does, and hold no rules of their own."""
