"""What costs a parser, a pattern or a decoder most for its size: bodies, texts of addresses and headers, batches."""

from __future__ import annotations

from tests.support.growth import Shape, repeated

BODIES: dict[str, Shape] = {
    "escaped quotes, then brackets": repeated('\\"', '{"title":"*', "[" * 33),
    "quotes": repeated('"'),
    "strings of one bracket": repeated('"[",', '{"parts":["*",'),
    "open brackets": repeated("[", '{"parts":'),
    "closed brackets": repeated("]"),
    "pairs": repeated("[],", '{"parts":["*",'),
    "32 levels again and again": repeated("[" * 31 + "]" * 31 + ",", '{"parts":['),
    "objects": repeated('{"a":'),
    "backslashes": repeated("\\"),
    "backslashes before an escaped NUL": repeated("\\\\", '{"title":"\\u0000*'),
    "escaped NULs": repeated("\\\\u0000", '{"title":"*'),
    "white space": repeated(" \n\t", "", "x"),
    "digits": repeated("1", '{"title":1*'),
    "digits behind a point": repeated("1", '{"title":0.*'),
    "an exponent": repeated("1", '{"title":1e*', "}"),
    "zeros": repeated("0", '{"title":0.*', "1}"),
    "one long name": repeated("a", '{"*', '":1}'),
    "a name like the end of a message": repeated(" - at `$", '{"*', '\\n":1}'),
    "a name like a field": repeated("field `", '{"*', '\\n":1}'),
    "a name like a limit": repeated("> ", '{"*', '":1}'),
    "an enumeration like a message": repeated(" - at `$", '{"kind":"*', '\\n"}'),
    "slashes and tildes in a name": repeated("~/", '{"*', '":1}'),
    "many names": repeated('"abcdef":1,', '{"*":1,', '"x":1}'),
    "emoji": repeated("🎉", '{"title":"*', '"}'),
    "half a character": repeated("\udcf0\udc9f", '{"title":"*', '"}'),
    "surrogates": repeated("\\ud800", '{"title":"*', '"}'),
    "a moment": repeated("2", '{"due":"*', '"}'),
    "a long text": repeated("x", '{"title":"*', '"}'),
}
TEXTS: dict[str, Shape] = {
    "letters": repeated("a", "*"),
    "percent signs": repeated("%", "*"),
    "percent-encoded letters": repeated("%61", "*"),
    "percent-encoded emoji": repeated("%F0%9F%8E%89", "*"),
    "half-encoded emoji": repeated("%F0%9F", "*"),
    "slashes": repeated("/", "*"),
    "dots": repeated("../", "*"),
    "semicolons": repeated(";", "*"),
    "commas": repeated(",", "*"),
    "ampersands": repeated("a&", "*"),
    "equal signs": repeated("=", "*"),
    "pairs": repeated("a=b&", "*"),
    "cookies": repeated("a=b; ", "*"),
    "quoted backslashes": repeated("\\\\", 'a*="', '"'),
    "quotes": repeated('"', "*"),
    "languages": repeated("en-US;q=0.1,", "*"),
    "parameters": repeated('; a="b', "application/json*"),
    "spaces": repeated(" ", "*", "x"),
    "digits": repeated("9", "*"),
    "brackets": repeated("[", "*"),
}
HEADERS = (
    "accept", "accept-language", "authorization", "content-type", "cookie", "host", "idempotency-key", "if-match",
    "origin", "traceparent", "transfer-encoding", "x-csrf-token",
)  # fmt: skip
ENTITY = (
    '{"op":"put","kind":"company","id":"55555555-5555-4555-8555-555555555555","body":'
    '{"org_id":"22222222-2222-4222-8222-222222222222","name":"C","version":1}}\n'
)
BATCHES: dict[str, Shape] = {
    "empty lines": repeated("\n", "{}"),
    "nothing but empty lines": repeated("\n"),
    "carriage returns": repeated("\r\n", "{}"),
    "good lines": repeated(ENTITY),
    "bad lines": repeated("{}\n"),
    "one long line": repeated("[],", '{"op":['),
    "unknown fields": repeated('"abcdef":1,', ENTITY[:-4] + ',"*":1,', '"x":1}}'),
}
