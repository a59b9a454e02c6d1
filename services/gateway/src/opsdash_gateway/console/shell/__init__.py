"""What all pages of a workspace share: their frame, rendering, errors and live stream."""
