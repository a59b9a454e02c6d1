"""Which access tokens open the door: the whole table, checked against a real key server."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from opsdash_chassis.service.clock import LEEWAY_SECONDS
from opsdash_http.security.keys import KeySet
from opsdash_http.security.tokens import InvalidToken, TokenVerifier, UserIds, VerifiedTokens

ISSUER = "https://id.example.test/"
AUDIENCE = "opsdash-support"


@pytest.fixture
def verifier(issuer: Any) -> TokenVerifier:
    return TokenVerifier(KeySet(f"{issuer.url}/jwks.json"), issuer=ISSUER, audience=AUDIENCE)


def raw(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def unsigned(algorithm: str) -> Any:
    return lambda i: raw({"alg": algorithm, "kid": "rsa", "typ": "JWT"}, i.claims())


def signed_with_public_key(issuer: Any) -> str:
    pem = issuer.rsa.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "kid": "rsa", "typ": "JWT"}
    unsigned_part = raw(header, issuer.claims()).rsplit(".", 1)[0]
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    key = pem  # PyJWT refuses a PEM as HMAC key, so the attack is assembled by hand
    value = signature.sign(unsigned_part.encode(), key)
    return f"{unsigned_part}.{base64.urlsafe_b64encode(value).rstrip(b'=').decode()}"


GOOD = {"alg": "RS256", "kid": "rsa", "typ": "JWT"}
STRANGER = ed25519.Ed25519PrivateKey.generate()

REFUSED = {
    "empty": lambda i: "",
    "malformed": lambda i: "abc",
    "two parts": lambda i: "abc.def",
    "not base64": lambda i: "###.###.###",
    "header is not an object": lambda i: f"{base64.urlsafe_b64encode(b'[]').decode()}.e30.e30",
    "deeply nested header": lambda i: base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.e30",
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE": unsigned("NONE"),
    "alg missing": lambda i: i.sign({"kid": "rsa", "typ": "JWT"}, i.claims()),
    "alg is a list": lambda i: i.sign({"alg": ["RS256"], "kid": "rsa"}, i.claims()),
    "HS256 with the public key": signed_with_public_key,
    "alg not on the list": lambda i: i.token(alg="RS512"),
    "PS256": lambda i: i.token(alg="PS256"),
    "alg of another key": lambda i: i.token({"kid": "rsa"}, key=i.ec, alg="ES256"),
    "EdDSA under an EC key id": lambda i: i.token({"kid": "ec"}, key=i.ed, alg="EdDSA"),
    "unknown crit": lambda i: i.token({"crit": ["bork"], "bork": 1}),
    "crit b64": lambda i: i.sign({**GOOD, "crit": ["b64"], "b64": True}, i.claims()),
    "kid unknown": lambda i: i.token({"kid": "nobody"}),
    "kid empty": lambda i: i.token({"kid": ""}),
    "kid missing": lambda i: i.sign({"alg": "RS256"}, i.claims()),
    "kid a number": lambda i: i.sign({"alg": "RS256", "kid": 7}, i.claims()),
    "kid of 10 KiB": lambda i: i.token({"kid": "k" * 10_240}),
    "kid like a path": lambda i: i.token({"kid": "../../etc/passwd"}),
    "kid like SQL": lambda i: i.token({"kid": "' OR 1=1 --"}),
    "issuer missing": lambda i: i.token(iss=...),
    "issuer a prefix of ours": lambda i: i.token(iss=ISSUER[:-1]),
    "issuer with ours inside": lambda i: i.token(iss=f"{ISSUER}evil"),
    "issuer an array": lambda i: i.sign({"alg": "RS256", "kid": "rsa"}, i.claims(iss=[ISSUER])),
    "audience missing": lambda i: i.token(aud=...),
    "audience other": lambda i: i.token(aud="another-app"),
    "audience array of others": lambda i: i.token(aud=["a", "b"]),
    "audience empty": lambda i: i.token(aud=[]),
    "exp missing": lambda i: i.token(exp=...),
    "exp past": lambda i: i.token(exp=int(time.time()) - 3600),
    "exp text": lambda i: i.sign(GOOD, i.claims(exp="tomorrow")),
    "exp numeric text": lambda i: i.sign(GOOD, i.claims(exp=str(int(time.time()) + 300))),
    "exp absurd": lambda i: i.sign(GOOD, i.claims(exp=1e308)),
    "exp true": lambda i: i.sign(GOOD, i.claims(exp=True)),
    "exp null": lambda i: i.sign(GOOD, i.claims(exp=None)),
    "nbf future": lambda i: i.token(nbf=int(time.time()) + 3600),
    "iat future": lambda i: i.token(iat=int(time.time()) + 3600),
    "ID token by typ": lambda i: i.token({"typ": "id+jwt"}),
    "ID token by token_use": lambda i: i.token(token_use="id"),
    "ID token by nonce": lambda i: i.token(nonce="n"),
    "ID token by at_hash": lambda i: i.token(at_hash="h"),
    "logout token": lambda i: i.token({"typ": "logout+jwt"}),
    "sub missing": lambda i: i.token(sub=...),
    "sub not a UUID": lambda i: i.token(sub="auth0|123"),
    "sub a number": lambda i: i.sign({"alg": "RS256", "kid": "rsa"}, i.claims(sub=5)),
    "signature stripped": lambda i: i.token().rsplit(".", 1)[0] + ".",
    "signature truncated": lambda i: i.token()[:-20],
    "signature of a stranger": lambda i: i.token({"kid": "ed"}, key=STRANGER, alg="EdDSA"),
    "signature of another token": lambda i: i.token().rsplit(".", 1)[0] + "." + i.token().rsplit(".", 1)[1],
    "longer than 8 KiB": lambda i: i.token(padding="x" * 9000),
    "not ASCII": lambda i: i.token() + "é",
}


class TestRefusedTokens:
    @pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
    async def test_is_refused(self, verifier: TokenVerifier, issuer: Any, make: Any) -> None:
        with pytest.raises(InvalidToken):
            await verifier.verify(make(issuer))

    @pytest.mark.parametrize("name", ["jku", "x5u", "jwk"])
    async def test_keys_named_by_the_token_are_never_fetched_or_used(
        self, verifier: TokenVerifier, issuer: Any, name: str
    ) -> None:
        jwk = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(STRANGER.public_key()))
        value = jwk if name == "jwk" else f"{issuer.url}/evil"
        with pytest.raises(InvalidToken):
            await verifier.verify(issuer.token({"kid": "ed", name: value}, key=STRANGER, alg="EdDSA"))
        assert set(issuer.requests) <= {"/jwks.json"}


class TestAcceptedTokens:
    async def test_the_hand_made_form_of_the_table_is_good_when_nothing_is_wrong(
        self, verifier: TokenVerifier, issuer: Any
    ) -> None:
        await verifier.verify(issuer.sign(GOOD, issuer.claims()))

    @pytest.mark.parametrize(("kid", "alg"), [("rsa", "RS256"), ("ec", "ES256"), ("ed", "EdDSA")])
    async def test_each_algorithm_with_its_key(self, verifier: TokenVerifier, issuer: Any, kid: str, alg: str) -> None:
        user = uuid4()
        token = issuer.token({"kid": kid}, key=getattr(issuer, kid), alg=alg, sub=str(user))
        caller = await verifier.verify(token)
        assert (caller.user_id, caller.token) == (user, token)

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": [AUDIENCE, "another"]},
            {"iat": 30},
            {"nbf": 30},
            {"exp": -20},
            {"token_use": "access"},
        ],
        ids=["audience in a list", "iat ahead by 30 s", "nbf ahead by 30 s", "expired 20 s ago", "token_use access"],
    )
    async def test_tolerance(self, verifier: TokenVerifier, issuer: Any, changes: dict[str, Any]) -> None:
        now = int(time.time())
        claims = {name: now + value if isinstance(value, int) else value for name, value in changes.items()}
        assert isinstance((await verifier.verify(issuer.token(**claims))).user_id, UUID)

    async def test_typ_may_be_plain_jwt_or_absent(self, verifier: TokenVerifier, issuer: Any) -> None:
        await verifier.verify(issuer.token({"typ": "JWT"}))
        await verifier.verify(issuer.token({"typ": None}))


class TestVerifiedTokens:
    async def test_a_known_token_is_not_verified_again(self, verifier: TokenVerifier, issuer: Any) -> None:
        tokens = VerifiedTokens(verifier)
        token = issuer.token()
        assert await tokens.verify(token) is await tokens.verify(token)

    @pytest.mark.integration
    async def test_is_forgotten_when_it_expires(self, verifier: TokenVerifier, issuer: Any) -> None:
        tokens = VerifiedTokens(verifier)
        expires = int(time.time()) - LEEWAY_SECONDS + 4
        token = issuer.token(exp=expires)
        await tokens.verify(token)
        await asyncio.sleep(expires + LEEWAY_SECONDS + 0.1 - time.time())  # the wall clock itself is what is tested
        with pytest.raises(InvalidToken):
            await tokens.verify(token)

    async def test_memory_is_bounded(self, verifier: TokenVerifier, issuer: Any) -> None:
        tokens = VerifiedTokens(verifier, size=3)
        for _ in range(10):
            await tokens.verify(issuer.token({"kid": "ed"}, key=issuer.ed, alg="EdDSA"))
        assert len(tokens._known) == 3


CLAIMS = {"iss": ISSUER, "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "oid": str(UUID(int=7))}


class TestUserIds:
    """Whom a token is about, where subjects are UUIDs of OpsDash and where they are not."""

    def test_another_claim_can_be_the_user(self):
        assert UserIds("oid").user_id(CLAIMS) == UUID(int=7)

    def test_a_derived_id_is_the_one_that_the_feed_can_make(self):
        """Python: uuid5(NAMESPACE_URL, issuer + "#" + subject)."""
        found = UserIds(derived=True).user_id(CLAIMS)
        assert found == UUID("ea79d5cb-6abe-5d98-a7bf-5a2bb17ae5fd")
        assert UserIds(derived=True).user_id({**CLAIMS, "iss": "https://other.example.test/"}) != found

    @pytest.mark.parametrize("value", [None, 7, "", "x" * 256, ["a"]])
    @pytest.mark.parametrize("derived", [True, False])
    def test_a_claim_that_names_nobody_is_refused(self, value: object, derived: bool):
        with pytest.raises(InvalidToken, match="names nobody"):
            UserIds(derived=derived).user_id({**CLAIMS, "sub": value})

    def test_a_subject_that_is_no_uuid_names_the_settings(self):
        with pytest.raises(InvalidToken, match="OPSDASH_OIDC_USER_CLAIM, or set OPSDASH_OIDC_USER_IDS=derived"):
            UserIds().user_id(CLAIMS)

    async def test_the_verifier_uses_them(self, issuer: Any):
        keys = KeySet(f"{issuer.url}/jwks.json")
        verifier = TokenVerifier(keys, issuer=ISSUER, audience=AUDIENCE, user_ids=UserIds("oid"))
        caller = await verifier.verify(issuer.token(sub="opaque", oid=str(UUID(int=7))))
        assert caller.user_id == UUID(int=7)
