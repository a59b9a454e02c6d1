"""HTTP errors: problem details (RFC 9457), exception handlers, field errors, 405 and HEAD."""
