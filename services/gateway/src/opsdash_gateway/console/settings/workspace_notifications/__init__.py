"""What owners and admins set for the notices of their workspace."""
