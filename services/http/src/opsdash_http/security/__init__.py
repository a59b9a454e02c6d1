"""Authentication: OIDC access tokens, signing keys and service-to-service tokens."""
