"""Whether a shared secret looks random, judged by how far it shrinks when known words are given to a compressor.

Words, sequences of the alphabet or the keyboard and repeats shrink to a few bytes; what a random generator makes does
not: of 60,000 values of 16 random bytes in hexadecimal the smallest kept 28.
"""

from __future__ import annotations

import zlib

#: Bytes that are left of the secret. 24 characters nobody can foretell are beyond any search.
LEAST_BYTES = 25
_RAW_DEFLATE = -15

_TEXT = """
a again and api app are auth backend bearer by cache cert client code comments company config cron data default for from
gateway hash helpdesk in internal is it jwt key keys local login long me monitor my new not of on only opsdash or our
owner pass passwd password passphrase phrase please private prod production public random safe secret secrets secure
security server service services session shared sla staging stage string super support system test testing that the this
ticket tickets to token tokens us use user username value very we webhook with work workspace you your
admin administrator changeme company cluster database demo dev development docker dummy example kafka kubernetes letmein
postgres postgresql root sample temp temporary trustno1 welcome
the quick brown fox jumps over the lazy dog
baseball batman battery charlie correct dragon flower football freedom hello horse hunter iloveyou jordan killer love
master michael monkey mustang princess shadow soccer staple starwars sunshine superman swordfish thomas whatever world
summer winter spring autumn january february march april may june july august september october november december monday
tuesday wednesday thursday friday saturday sunday 2020 2021 2022 2023 2024 2025 2026 2027 2028 2029
"""
_WORDS = _TEXT.split()
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "0123456789abcdef", "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9", "!@#$%^&*()",
)  # fmt: skip
_SPELLINGS = [*_WORDS, *(word.title() for word in _WORDS), *(word.upper() for word in _WORDS)]
_SEQUENCES = [*_ROWS, *(row[::-1] for row in _ROWS), *(row.upper() for row in _ROWS)]
_KNOWN = " ".join([*_SPELLINGS, *_SEQUENCES]).encode()


def is_guessable(secret: str) -> bool:
    """Whether words, sequences or repeats make up so much of it that too little is left."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE, zdict=_KNOWN)
    return len(compressor.compress(secret.encode()) + compressor.flush()) < LEAST_BYTES
