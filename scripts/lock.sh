#!/bin/sh
# Makes both lock files anew from pyproject.toml: `lock.sh`, or `lock.sh --upgrade` for newer pins.
#
# The files hold names, versions and hashes for every platform, and no address: whoever installs
# decides from which index. Uses uv from PATH, or one in a throwaway virtual environment.
set -eu
cd "$(dirname "$0")/.."

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT INT TERM
    "${PY:-python3}" -m venv "$scratch"
    "$scratch/bin/python" -m pip install --quiet --disable-pip-version-check uv
    uv=$scratch/bin/uv
fi

compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}

# The development set first: the runtime lock is a part of it, pin for pin.
compile pyproject.toml --group dev --output-file requirements-dev.lock "$@"
compile pyproject.toml --constraint requirements-dev.lock --output-file requirements.lock "$@"
