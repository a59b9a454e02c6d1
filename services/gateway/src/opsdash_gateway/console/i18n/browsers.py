"""Which browsers the console is made for; the style sheet shows TOO_OLD where a feature it builds on is missing."""

from typing import Final

from opsdash_gateway.console.i18n.languages import N_

SUPPORTED: Final = N_("Made for Chrome and Edge 131, Firefox 128, Safari 18, and what came after them.")
TOO_OLD: Final = N_("This browser is too old for OpsDash Support: parts of the page will not work.")
#: A session's cookie is Secure. Engines differ on whether a loopback address without TLS may have one.
NO_COOKIE: Final = N_(
    "Your browser did not send the cookie of this sign-in back. Safari and other WebKit browsers refuse it without"
    " https: use https, or Chrome, Edge or Firefox. Otherwise the sign-in has expired, or was started in another"
    " browser."
)
