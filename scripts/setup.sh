#!/bin/sh
# Makes .venv and installs one lock file into it: `setup.sh run` or `setup.sh dev`.
#
# Called by the Makefile, from the root of the repository, when the lock is newer than its stamp.
# It needs Python >= 3.11 with venv and pip, or uv, and says in plain words what is missing. Every
# file it installs is checked against the hash in the lock. It never builds the project itself: a
# .pth file shows the virtual environment where the package lies.
set -eu

kind=$1
case $kind in
    run) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    *) echo "usage: scripts/setup.sh run|dev" >&2; exit 2 ;;
esac
venv=.venv
root=$(pwd -P)

say() { printf '%s\n' "$@" >&2; }
fail() { say "" "$@"; exit 1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in "${PY:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$candidate"; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    fail "voiceslot needs Python 3.11 or newer, and none was found." \
        "Install one (on Debian or Ubuntu: sudo apt install python3 python3-venv), or name one:" \
        "    make PY=/path/to/python3.12 setup"
}

# A virtual environment knows its own absolute path: one that was moved, half made, or made by uv
# when uv is no longer there, is made anew.
usable() {
    [ -x "$venv/bin/python" ] && [ "$(cat "$venv/made-at" 2>/dev/null)" = "$root" ] || return 1
    new_enough "$venv/bin/python" || return 1
    [ -n "$uv" ] || "$venv/bin/python" -c 'import pip' 2>/dev/null
}

make_venv() {
    rm -rf "$venv"
    python=$(find_python) || exit 1
    if [ -n "$uv" ]; then
        uv venv --quiet --python "$python" "$venv" || fail "uv could not make $venv."
    else
        "$python" -c 'import ensurepip, venv' 2>/dev/null || fail \
            "$python has no venv or no pip. On Debian or Ubuntu, this one line installs them:" \
            "    sudo apt install $(debian_package "$python")"
        "$python" -m venv "$venv" || fail "$python could not make $venv (see the lines above)."
    fi
}

debian_package() {
    case $1 in
        /usr/bin/python3) echo python3-venv ;;
        *) "$1" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])' ;;
    esac
}

install_lock() {
    if [ -n "$uv" ]; then
        uv pip install --quiet --python "$venv/bin/python" --require-hashes \
            --only-binary :all: --compile-bytecode --requirement "$lock"
    else
        PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip install -qq --require-hashes \
            --only-binary :all: --requirement "$lock"
    fi || fail "Could not install what $lock names (see the lines above)." \
        "Is the package index reachable from here? Behind a proxy, set HTTPS_PROXY and try again."
}

show_the_package() {
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$root" > "$site/voiceslot.pth"
}

# The first two lines are a shell script and, to Python, one string: a `#!` line cannot carry a
# path with spaces or of more than 127 bytes.
write_command() {
    cat > "$venv/bin/voiceslot" <<END
#!/bin/sh
'''exec' "$root/$venv/bin/python" "\$0" "\$@"
' '''
import sys

from voiceslot_tui.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
END
    chmod +x "$venv/bin/voiceslot"
}

uv=$(command -v uv || true)
say "Setting up $venv from $lock (once; about half a minute with pip, seconds with uv) ..."
usable || make_venv
install_lock
show_the_package
write_command
printf '%s\n' "$root" > "$venv/made-at"
# The development lock holds the runtime lock, so it satisfies both stamps.
touch "$venv/run.stamp"
[ "$kind" = run ] || touch "$venv/dev.stamp"
