# Verifies an access token with PyJWT by the keys that the authority publishes, and tries what a forger would.
#
# Reads {"url", "tokens"} from stdin (a token is no argument). Prints one line of JSON for each token: what became of it and of
# its forgeries, by name: the `kid` of its key where it was accepted, else the kind of the error.
import base64
import hashlib
import hmac
import json
import sys

import jwt


def encoded(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def tried(keys, url, token, algorithms=("EdDSA",), **options):
    try:
        header = jwt.get_unverified_header(token)
        if header["typ"] != "at+jwt":
            return "typ"
        key = keys.get_signing_key_from_jwt(token)
        expected = {"issuer": url, "audience": url} | options
        required = ["iss", "aud", "exp", "iat", "sub", "jti", "client_id", "sid"]
        jwt.decode(token, key, algorithms=list(algorithms), options={"require": required}, **expected)
        return key.key_id
    except jwt.PyJWTError as error:
        return type(error).__name__


def forged(token, key):
    """The same claims under other headers: unsigned, and signed by what everybody knows."""
    header, claims, signature = token.split(".")
    known = json.loads(base64.urlsafe_b64decode(header + "=="))
    body = json.loads(base64.urlsafe_b64decode(claims + "=="))
    yield "claims", f"{header}.{encoded(body | {'scope': 'root'})}.{signature}"
    yield "signature", f"{header}.{claims}.{encoded(bytes(64))}"
    yield "none", f"{encoded(known | {'alg': 'none'})}.{claims}."
    signed = f"{encoded(known | {'alg': 'HS256'})}.{claims}"
    code = hmac.new(key.public_bytes_raw(), signed.encode(), hashlib.sha256).digest()
    yield "hmac", f"{signed}.{encoded(code)}"
    yield "kid", f"{encoded(known | {'kid': 'another'})}.{claims}.{signature}"


def main():
    given = json.load(sys.stdin)
    url = given["url"]
    keys = jwt.PyJWKClient(f"{url}/.well-known/jwks.json", cache_keys=False, cache_jwk_set=False)
    for token in given["tokens"]:
        said = {
            "good": tried(keys, url, token),
            "issuer": tried(keys, url, token, issuer="http://other.example"),
            "audience": tried(keys, url, token, audience="http://other.example"),
            # A reader that takes any algorithm is the one that forgers look for.
            "algorithm": tried(keys, url, token, algorithms=("HS256", "RS256")),
        }
        if len(said["good"]) > 40:  # A key's name: what is not accepted is not worth forging.
            key = keys.get_signing_key_from_jwt(token).key
            said["forged"] = {name: {"token": text, "became": tried(keys, url, text)} for name, text in forged(token, key)}
        print(json.dumps(said))


main()
