#!/usr/bin/env bash
# Says kindly that Node is missing or too old for Vite 7, before npm says it at length.
set -euo pipefail

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo 'Node and npm are needed to build the page: please install Node 20.19 or newer (https://nodejs.org).' >&2
  exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'; then
  printf 'The page needs Node 20.19 or newer (or 22.12 or newer); this is %s.\n' "$(node --version)" >&2
  exit 1
fi
