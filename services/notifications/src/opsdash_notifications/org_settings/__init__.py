"""What an org's owners and admins set for its notices."""
