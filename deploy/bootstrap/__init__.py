"""Makes the virtual environment in .venv match uv.lock, with nothing but a supported system Python.

uv is installed first, at the version and hashes of the lock; it installs the rest. Standard library only.
"""
