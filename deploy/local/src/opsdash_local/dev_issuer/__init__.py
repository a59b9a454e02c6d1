"""An identity provider for the local profile: it signs in anybody on its list, without a password.

Its routes are part of the local stack's gateway. Settings refuse its files outside the local profile; without them none
of its routes exist.
"""
