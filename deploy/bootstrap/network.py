"""How pip and uv reach the package index: pip's own configuration and the system's certificates, given to both.

Source of the names: pip's "Configuration" and uv's "Environment variables" reference pages.
"""

from __future__ import annotations

import ast
import re
import ssl
from collections.abc import Mapping
from pathlib import Path

#: Where Linux distributions and macOS keep the certificates that the system trusts, in one file.
CERTIFICATE_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
#: Settings of uv that say how to reach an index or where to keep downloads. Others change what is installed.
KEPT_UV_SETTINGS = re.compile(
    "UV_((DEFAULT_|EXTRA_)?INDEX.*|FIND_LINKS|CACHE_DIR|NO_CACHE|OFFLINE|LINK_MODE|CONCURRENT_.*|HTTP_.*"
    "|REQUEST_TIMEOUT|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS|KEYRING_PROVIDER|CONFIG_FILE|NO_CONFIG|NO_SYSTEM_CONFIG)"
)
#: pip's name of a setting, and uv's where it is one value or a list of words.
FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "client-cert": "SSL_CLIENT_CERT",
    "cert": "SSL_CERT_FILE",
}
SEPARATORS = {"UV_FIND_LINKS": ","}


def pip_environment(environ: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """The environment for pip: older ones trust only the certificates they bring, not the system's."""
    store = system_certificates(environ)
    named = "cert" in pip or {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} & environ.keys()
    return {**({} if named or store is None else {"PIP_CERT": store}), **environ}


def uv_environment(environ: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv. What the caller set for uv itself counts more than `pip`, pip's configuration."""
    kept = {name: value for name, value in environ.items() if not name.startswith("UV_") or _is_kept(name)}
    found = {uv: SEPARATORS.get(uv, " ").join(pip[name].split()) for name, uv in FROM_PIP.items() if pip.get(name)}
    if proxy := pip.get("proxy"):
        found |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
    if {"UV_INDEX_URL", "UV_DEFAULT_INDEX"} & kept.keys():
        found.pop("UV_DEFAULT_INDEX", None)
    # pip takes the indexes for one; hashes make sure that each package is the locked one, wherever it is from.
    defaults = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_SYSTEM_CERTS": "true"}
    return defaults | found | kept


def _is_kept(name: str) -> bool:
    return KEPT_UV_SETTINGS.fullmatch(name) is not None


def read_pip_configuration(listing: str) -> dict[str, str]:
    """What `pip config list` printed, as one value a setting: the environment before `install` before `global`."""
    found: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        name, separator, value = line.partition("=")
        section, _, key = name.rpartition(".")
        rank = {"global": 1, "install": 2, ":env:": 3}.get(section, 0)
        if separator and rank and rank >= found.get(key, (0, ""))[0]:
            found[key] = (rank, str(ast.literal_eval(value)))
    return {key: value for key, (_, value) in found.items()}


def system_certificates(environ: Mapping[str, str]) -> str | None:
    """The file with the certificates this system trusts; None leaves it to each program."""
    known = (environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile, *CERTIFICATE_STORES)
    return next((path for path in known if path and Path(path).is_file()), None)
