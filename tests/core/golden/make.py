"""Makes golden.json: tokens by implementations other than ours (PyJWT for JWTs, Python's hmac for stamped tokens).

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install pyjwt==2.15.1
    /tmp/golden/bin/python tests/core/golden/make.py > tests/core/golden/golden.json

The keys are for these tests alone. Each case says what our verification must answer at the instant `now`.
"""

import base64
import hashlib
import hmac
import json
import warnings

import jwt

warnings.simplefilter("ignore")  # PyJWT warns of the weak key, which is the point of that case.

KEY = "daypass-golden-key-for-tests-only-0123456789"
WEAK_KEY = "a key of thirty-one bytes, weak"
MASTER = "5f0c954e-7d0a-4b9e-8a52-6c1d8f0e4a31"
NOW = 1767225600  # 2026-01-01T00:00:00Z
EXP = NOW + 1800
CENTURY = 100 * 31_557_600
MAX = 8 * 1024

assert len(WEAK_KEY) == 31


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(header, payload, key=KEY, digest=hashlib.sha256):
    """For what PyJWT would not make: any text as header or payload, and a true signature over it."""
    message = b64(header.encode()) + "." + b64(payload.encode())
    return message + "." + b64(hmac.new(key.encode(), message.encode(), digest).digest())


def signed(claims, key=KEY, **more):
    return jwt.encode(claims, key, algorithm=more.pop("algorithm", "HS256"), **more)


def of_length(length):
    """A good token of so many characters: the claim `pad` takes up what is left."""
    token = signed({"exp": EXP, "pad": ""})
    head, payload, signature = token.split(".")
    payload_bytes = (length - len(head) - len(signature) - 2) * 3 // 4
    room = payload_bytes - len(json.dumps({"exp": EXP, "pad": ""}, separators=(",", ":")))
    token = signed({"exp": EXP, "pad": "x" * room})
    assert len(token) == length, len(token)
    return token


def swap_payload(token, claims):
    head, _, signature = token.split(".")
    return ".".join([head, b64(json.dumps(claims).encode()), signature])


HS256 = '{"alg":"HS256","typ":"JWT"}'
good = signed({"sub": "u1", "sid": "0123456789abcdef0123456789abcdef", "iat": NOW, "exp": EXP})
head, payload, signature = good.split(".")

jwts = [
    ("a plain session token", good, "ok"),
    ("a key id in the header", signed({"sub": "u1", "exp": EXP}, headers={"kid": "2026-01"}), "ok"),
    ("a fraction of a second in exp is cut off", by_hand(HS256, '{"exp":%d.75}' % EXP), "ok"),
    ("an exponent in exp", by_hand(HS256, '{"exp":1.7672274e9}'), "ok"),
    ("nbf has come", signed({"exp": EXP, "nbf": NOW}), "ok"),
    ("iat is not an instant", by_hand(HS256, '{"exp":%d,"iat":"yesterday"}' % EXP), "ok"),
    ("names beyond ASCII", signed({"sub": "Jürgen 🦀", "exp": EXP}), "ok"),
    ("exactly 8 KiB", of_length(MAX), "ok"),
    ("one second left", signed({"exp": NOW + 1}), "ok"),
    ("exactly a century", signed({"exp": NOW + CENTURY}), "ok"),
    ("alg none, unsigned", jwt.encode({"sub": "u1", "exp": EXP}, None, algorithm="none"), "wrong_algorithm"),
    ("alg None by hand, with a signature", by_hand('{"alg":"None"}', '{"exp":%d}' % EXP), "wrong_algorithm"),
    ("alg hs256 in lower case", by_hand('{"alg":"hs256"}', '{"exp":%d}' % EXP), "wrong_algorithm"),
    ("HS384", signed({"exp": EXP}, key=KEY * 2, algorithm="HS384"), "wrong_algorithm"),
    ("HS512", signed({"exp": EXP}, key=KEY * 2, algorithm="HS512"), "wrong_algorithm"),
    ("RS256 in the header of an HS256 signature", by_hand('{"alg":"RS256"}', '{"exp":%d}' % EXP), "wrong_algorithm"),
    ("no alg at all", by_hand('{"typ":"JWT"}', '{"exp":%d}' % EXP), "malformed"),
    ("an extension that is demanded", signed({"exp": EXP}, headers={"crit": ["exp2"], "exp2": 1}), "malformed"),
    ("another key", signed({"exp": EXP}, key=KEY[::-1]), "wrong_signature"),
    ("another payload", swap_payload(good, {"sub": "u2", "exp": EXP}), "wrong_signature"),
    ("a signature cut short", good[:-4], "wrong_signature"),
    ("no signature", f"{head}.{payload}.", "wrong_signature"),
    ("no exp", signed({"sub": "u1"}), "no_expiry"),
    ("exp is null", by_hand(HS256, '{"exp":null}'), "absurd_expiry"),
    ("exp is text", by_hand(HS256, '{"exp":"%d"}' % EXP), "absurd_expiry"),
    ("exp is negative", signed({"exp": -1}), "absurd_expiry"),
    ("exp is a negative fraction", by_hand(HS256, '{"exp":-0.5}'), "absurd_expiry"),
    ("exp beyond a century", signed({"exp": NOW + CENTURY + 1}), "absurd_expiry"),
    ("exp in milliseconds", signed({"exp": EXP * 1000}), "absurd_expiry"),
    ("exp beyond 64 bits", signed({"exp": 2**70}), "absurd_expiry"),
    ("exp beyond a double's digits", by_hand(HS256, '{"exp":1e300}'), "absurd_expiry"),
    ("exp is this very second", signed({"exp": NOW}), "expired"),
    ("exp was a second ago", signed({"exp": NOW - 1}), "expired"),
    ("exp at the epoch", signed({"exp": 0}), "expired"),
    ("nbf has not come", signed({"exp": EXP, "nbf": NOW + 1}), "not_yet_valid"),
    ("one character over 8 KiB", of_length(MAX + 1), "too_long"),
    ("a payload that is not JSON", by_hand(HS256, "exp=%d" % EXP), "malformed"),
    ("a payload that is a list", by_hand(HS256, "[%d]" % EXP), "malformed"),
    ("two parts", f"{head}.{payload}", "malformed"),
    ("a fourth part", good + ".e30", "malformed"),
    ("a newline at the end", good + "\n", "malformed"),
    ("padding at the end", good + "=", "malformed"),
    ("a space in front", " " + good, "malformed"),
    ("nothing", "", "malformed"),
    ("dots alone", "..", "malformed"),
]


def stamp(exp, prefix="", key=MASTER):
    return f"{prefix}{exp}:{hmac.new(key.encode(), str(exp).encode(), hashlib.sha256).hexdigest()}"


bare = stamp(EXP)
stamped = [
    ("as servers write it", bare, "ok"),
    ("as it is documented", stamp(EXP, "session:"), "ok"),
    ("exp is this very second, which counts", stamp(NOW), "ok"),
    ("exactly a century", stamp(NOW + CENTURY), "ok"),
    ("exp was a second ago", stamp(NOW - 1), "expired"),
    ("documented, and a second too old", stamp(NOW - 1, "session:"), "expired"),
    ("another master", stamp(EXP, key=MASTER.upper()), "wrong_signature"),
    ("a later exp under the same code", f"{EXP + 1}:{bare.split(':')[1]}", "wrong_signature"),
    ("a zero in front of exp", "0" + bare, "wrong_signature"),
    ("beyond a century", stamp(NOW + CENTURY + 1), "absurd_expiry"),
    ("beyond 64 bits", stamp(2**70), "absurd_expiry"),
    ("a negative exp", stamp(-1), "malformed"),
    ("a fraction", stamp("1767227400.5"), "malformed"),
    ("no exp", stamp(""), "malformed"),
    ("a code in upper case", bare.split(":")[0] + ":" + bare.split(":")[1].upper(), "malformed"),
    ("a code cut short", bare[:-1], "malformed"),
    ("half a code", bare[:-32], "malformed"),
    ("a code that goes on", bare + "0", "malformed"),
    ("the prefix twice", "session:session:" + bare, "malformed"),
    ("another prefix", "token:" + bare, "malformed"),
    ("a newline at the end", bare + "\n", "malformed"),
    ("the master itself", MASTER, "malformed"),
    ("nothing", "", "malformed"),
    ("over 8 KiB", "1" * MAX + ":" + bare.split(":")[1], "too_long"),
]


def cases(rows):
    return [{"name": name, "token": token, "expect": expect} for name, token, expect in rows]


print(
    json.dumps(
        {
            "about": "Made by make.py beside it; never edited by hand. The keys are for tests alone.",
            "now": NOW,
            "exp": EXP,
            "key": KEY,
            "weak_key": WEAK_KEY,
            "weak_token": signed({"exp": EXP}, key=WEAK_KEY),
            "master": MASTER,
            "jwt": cases(jwts),
            "stamped": cases(stamped),
        },
        indent=1,
        ensure_ascii=False,
    )
)
