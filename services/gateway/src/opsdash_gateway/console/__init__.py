"""The pages: they call the owner services as REST does, and hold no rules of their own."""
