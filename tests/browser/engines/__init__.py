"""The core walk in every engine, on a stack of its own that ends with the last of these tests."""
