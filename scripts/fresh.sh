#!/bin/sh
# Does what a newcomer does: clones the repository, with a new home folder, and runs the README's
# two commands - once with uv on the PATH and once without. Prints how long each took.
#
# It sees only what is committed. The folder has a space in its name, no setting of the product is
# inherited, and nothing stays behind.
set -eu
cd "$(dirname "$0")/.."
repository=$(pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM

# PATH with each folder that holds uv replaced by one that shows everything else in it.
path_without_uv() {
    shadows=0
    printf '%s\n' "$PATH" | tr ':' '\n' | while IFS= read -r folder; do
        if [ -x "$folder/uv" ]; then
            shadows=$((shadows + 1))
            mkdir -p "$scratch/path/$shadows"
            find "$folder/" -mindepth 1 -maxdepth 1 ! -name uv ! -name uvx \
                -exec ln -s {} "$scratch/path/$shadows/" \;
            folder=$scratch/path/$shadows
        fi
        printf '%s:' "$folder"
    done | sed 's/:$//'
}

path_with_uv() {
    if ! command -v uv >/dev/null; then
        "${PY:-python3}" -m venv "$scratch/uv"
        "$scratch/uv/bin/python" -m pip install --quiet --disable-pip-version-check uv
        mkdir "$scratch/uv/path"
        ln -s "$scratch/uv/bin/uv" "$scratch/uv/path/uv"
        printf '%s:' "$scratch/uv/path"
    fi
    printf '%s' "$PATH"
}

# Only how to reach a package index is inherited: run_clean PATH HOME COMMAND...
run_clean() {
    path=$1; home=$2; shift 2
    for name in $(env | sed -nE 's/^((PIP|UV)_[A-Z_]*)=.*/\1/p') PY CI \
        HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE; do
        eval "value=\${$name-}"
        [ -z "$value" ] || set -- "$name=$value" "$@"
    done
    env -i "PATH=$path" "HOME=$home" LANG=C.UTF-8 TERM=dumb "$@" </dev/null
}

timed() {
    label=$1; shift
    started=$(date +%s)
    if ! "$@" >"$scratch/output" 2>&1; then
        cat "$scratch/output"
        echo "FAILED  $label"
        exit 1
    fi
    tail -n 12 "$scratch/output"
    echo "passed  $label  $(($(date +%s) - started)) s"
}

newcomer() {
    way=$1; path=$2
    clone="$scratch/fresh clone $way"
    home="$scratch/home $way"
    mkdir "$home"
    git clone --quiet "$repository" "$clone"
    cd "$clone"
    timed "make demo ($way)" run_clean "$path" "$home" make --no-print-directory demo
    timed "make test ($way)" run_clean "$path" "$home" make --no-print-directory test
    timed "make setup again ($way)" run_clean "$path" "$home" make setup
    [ -z "$(git status --porcelain)" ] || {
        git status --short
        echo "FAILED  the commands left files that git does not ignore ($way)"
        exit 1
    }
    cd "$repository"
    rm -rf "$clone" "$home"
}

newcomer "with uv" "$(path_with_uv)"
newcomer "without uv" "$(path_without_uv)"
