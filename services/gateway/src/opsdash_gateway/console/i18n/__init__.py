"""Languages: which one a request is answered in, texts, names of values, moments."""
