"""The replica of the workspace directory."""
