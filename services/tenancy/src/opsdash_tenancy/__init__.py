"""Which org a request is about, who the caller is there, and the replica of the directory that decides it."""
