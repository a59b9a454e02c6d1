"""The gateway of the local stack: the service as it is delivered, with the routes of the development issuer."""
