"""The ID token: who signed it, for whom, for how long, and for which login (OpenID Connect Core 3.1.3.7)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huaxiang.errors import HuaxiangError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Asymmetric ones only: our secret, or a public key taken for one, signs nothing."""
LEEWAY = 60
"""Seconds by which clocks may differ."""
_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_SMALLEST = 2048
_LONGEST_SUBJECT = 255


class TokenRefused(HuaxiangError):
    """The ID token is not acceptable. `why`: one word for the log: signature, algorithm, issuer, audience …"""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the ID token is not acceptable ({why})", f"身份令牌未通过校验（{why}）")


class UnknownKey(TokenRefused):
    """The token is signed with a key that the key set does not hold: the provider may have a new one."""

    def __init__(self) -> None:
        super().__init__("key")


@dataclass(frozen=True)
class Expected:
    """What a token must say."""

    issuer: str
    client_id: str
    nonce: str


def claims_of(text: str, keys: Mapping[str, Any], expected: Expected) -> dict[str, Any]:
    """The claims of an ID token whose signature and content were checked. `keys`: the provider's key set as JSON.

    Raises UnknownKey, TokenRefused.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    registry.max_header_length = 8192
    try:
        token = jwt.decode(text, lambda signed: _key(keys, signed.headers()), registry=registry)
    except TokenRefused:
        raise
    except JoseError as error:
        raise TokenRefused("algorithm" if error.error == "unsupported_algorithm" else "signature") from None
    except (ValueError, TypeError, KeyError):  # what is no token at all
        raise TokenRefused("signature") from None
    claims: Any = token.claims
    if not isinstance(claims, dict):
        raise TokenRefused("content")
    _check(claims, expected)
    return claims


def _check(claims: dict[str, Any], expected: Expected) -> None:
    """Raise TokenRefused unless the claims are those of this login."""
    from joserfc.errors import ExpiredTokenError, InvalidClaimError, MissingClaimError
    from joserfc.jwt import JWTClaimsRegistry

    registry = JWTClaimsRegistry(
        leeway=LEEWAY, iss={"essential": True, "value": expected.issuer}, sub={"essential": True},
        aud={"essential": True, "value": expected.client_id}, exp={"essential": True}, iat={"essential": True},
    )  # fmt: skip
    try:
        registry.validate(claims)
    except ExpiredTokenError:
        raise TokenRefused("expired") from None
    except (InvalidClaimError, MissingClaimError) as error:
        raise TokenRefused(error.claim) from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    party = claims.get("azp")
    if (party is not None or several) and party != expected.client_id:
        raise TokenRefused("azp")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise TokenRefused("nonce")
    if not 0 < len(claims["sub"]) <= _LONGEST_SUBJECT:
        raise TokenRefused("sub")


def _key(keys: Mapping[str, Any], header: Mapping[str, Any]) -> Any:
    """The key that a token says it is signed with: by `kid`; without one, the only key of the right kind."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    kind = _KINDS.get(str(header.get("alg"))[:2])
    kid = header.get("kid")
    held = keys.get("keys")
    fitting = [
        key for key in (held if isinstance(held, list) else ())
        if isinstance(key, dict) and key.get("kty") == kind and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"] and (kid is None or key.get("kid") == kid)
    ]  # fmt: skip
    if len(fitting) != 1:
        raise UnknownKey
    try:
        key = JWKRegistry.import_key({name: value for name, value in fitting[0].items() if name != "key_ops"})
    except (JoseError, ValueError, TypeError, KeyError):
        raise TokenRefused("key") from None
    if kind == "RSA" and key.raw_value.key_size < _SMALLEST:  # type: ignore[union-attr]
        raise TokenRefused("key")
    return key
