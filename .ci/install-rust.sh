#!/usr/bin/env bash
# Installs the compiler of the version that is named, for a workflow's machine: `rustup` comes with some of them only.
set -euo pipefail
version=$1
export PATH="$HOME/.cargo/bin:$PATH"
command -v rustup >/dev/null ||
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain none
rustup toolchain install "$version" --profile minimal --component rustfmt,clippy
rustup default "$version"
# For the steps that follow.
[ -z "${GITHUB_PATH:-}" ] || echo "$HOME/.cargo/bin" >>"$GITHUB_PATH"
