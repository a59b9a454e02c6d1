"""Why pip or uv failed, read from what they wrote, in one sentence with the way out."""

from __future__ import annotations

import re

#: Looked for in this order: a message about a certificate also says that a connection failed.
REASONS: tuple[tuple[str, str], ...] = (
    (
        r"--find-links",
        "a folder or address that pip's find-links (PIP_FIND_LINKS) names is not there; name another one, or none",
    ),
    (
        r"certificate|UnknownIssuer|SSLError|self.signed",
        (
            "the certificate of the package index is not trusted here. Behind a company proxy, add its certificate to"
            " the system's store, or name it: SSL_CERT_FILE=/path/ca.pem make run (pip's own setting: cert)"
        ),
    ),
    (
        r"No space left|Disk quota exceeded|os error 28",
        "the disk is full; free some space and start again",
    ),
    (
        r"Permission denied|Read-only file system|PermissionError|os error (13|30)\b",
        "a folder may not be written by this user; see the lines above for which",
    ),
    (
        r"\b407\b|[Pp]roxy|tunnel error",
        "the proxy refused the connection; check HTTPS_PROXY or pip's setting proxy",
    ),
    (
        r"\b(401|403)\b|[Uu]nauthori[sz]ed|Forbidden",
        "the package index refused the credentials; check pip's index-url, or UV_DEFAULT_INDEX",
    ),
    (
        (
            r"[Nn]ame or service not known|[Nn]ame resolution|[Ff]ailed to lookup address|dns error"
            r"|nodename nor servname|NameResolutionError|getaddrinfo"
        ),
        (
            "the name of the package index was not resolved: there is no network, or DNS does not know it."
            " The network is needed the first time only; a mirror is named by pip's index-url"
        ),
    ),
    (
        (
            r"[Cc]onnection refused|unreachable|[Tt]imed out|timeout|[Cc]onnection reset|os error 1(01|04|10|11|13)\b"
            r"|client error \(Connect\)|error sending request"
        ),
        (
            "the package index did not answer. The network is needed the first time only; a mirror is named by pip's"
            " index-url, a proxy by HTTPS_PROXY"
        ),
    ),
    (
        r"[Hh]ash mismatch|DO NOT MATCH THE HASHES",
        "a package is not the one that uv.lock names: the mirror, or somebody on the way, changed it",
    ),
    (
        r"no wheels with a matching|[Ff]ailed to build|not a supported wheel",
        "a package has no wheel for this system and Python; see docs/how-to/run-locally.md, What it needs",
    ),
    (
        r"No matching distribution|no version of|not found in the package registry|was not found",
        "the package index does not have a locked package; check the mirror that pip's index-url names",
    ),
)


def explain(output: str) -> str:
    """One sentence; the program's last line when nothing is known about it."""
    for pattern, sentence in REASONS:
        if re.search(pattern, output):
            return sentence
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
