#!/usr/bin/env bash
# Makes the certificates beside it: a root that only the tests trust, and two that it vouches for. Run by hand; kept in git.
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$scratch/$1.pem"; }

key root
openssl req -x509 -new -key "$scratch/root.pem" -days 36500 -subj "/CN=Daypass tests" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -out root.cert.pem

for name in localhost elsewhere.example; do
    key "$name"
    openssl req -new -key "$scratch/$name.pem" -subj "/CN=$name" -out "$scratch/$name.csr"
    printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$name" >"$scratch/$name.ext"
    openssl x509 -req -in "$scratch/$name.csr" -CA root.cert.pem -CAkey "$scratch/root.pem" -CAcreateserial \
        -CAserial "$scratch/serial" -days 36500 -extfile "$scratch/$name.ext" -outform der -out "$name.cert.der"
    openssl pkcs8 -topk8 -nocrypt -in "$scratch/$name.pem" -outform der -out "$name.key.der"
done
