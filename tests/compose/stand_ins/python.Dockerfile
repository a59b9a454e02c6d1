# In place of python:3.13-slim: Debian's Python 3.13, with the certificates that the machine trusts.
ARG DEBIAN=opsdash-stand-in/debian:trixie
FROM ${DEBIAN}
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates >/dev/null \
    && rm -rf /var/lib/apt/lists/*
