"""`make new-service NAME=x`: a service of its own from `template/`, and its lines in the lists that name services.

`template/` is laid out like the repository; `fragments/` in it holds blocks for files that exist.
"""
