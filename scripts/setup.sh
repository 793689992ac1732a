#!/usr/bin/env bash
# Makes .venv and installs billdeck into it, editable, with the versions of constraints.txt.
#   scripts/setup.sh        what running needs
#   scripts/setup.sh dev    also what testing and linting need
# Safe to repeat. PYTHON names the interpreter; without it the newest from 3.11 on is taken.
set -euo pipefail
cd "$(dirname "$0")/.."

extra=${1:-}
venv=.venv

say() { printf '%s\n' "billdeck setup: $*"; }
die() { printf '%s\n' "billdeck setup: $*" >&2; exit 2; }

# Runs the candidate, for a name on the PATH may be a shim that only prints an error.
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    local candidate
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || die "PYTHON=$PYTHON is not a Python from 3.11 on. Name another one, or leave PYTHON out."
        printf '%s\n' "$PYTHON"
        return
    fi
    for candidate in python3.13 python3.12 python3.11 python3; do
        if new_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    die "no Python from 3.11 on found (python3 is: $(python3 --version 2>&1 || true))." \
        "Install one, or name it: make PYTHON=/path/to/python3.11 ..."
}

# Debian keeps venv's pip in a package of its own.
ensure_venv_module() {
    local python=$1 package sudo=
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && return
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" -ne 0 ]; then
        sudo="sudo -n"
        $sudo true 2>/dev/null || sudo=
    fi
    if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || [ -n "$sudo" ]; }; then
        say "$python cannot make a virtual environment; installing Debian's $package"
        $sudo apt-get -qq update
        $sudo env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$package" >/dev/null
    fi
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        die "$python cannot make a virtual environment (no ensurepip). Install it (Debian: apt-get install $package) and run make again."
}

# A .venv of a moved clone or of a removed interpreter does not work any more: make it anew.
venv_works() {
    [ -x "$venv/bin/python" ] && new_enough "$venv/bin/python" &&
        [ "$(cat "$venv/.made-in" 2>/dev/null)" = "$PWD" ]
}

if ! venv_works; then
    python=$(find_python)
    ensure_venv_module "$python"
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
    printf '%s\n' "$PWD" >"$venv/.made-in"
fi

names=$("$venv/bin/python" - "$extra" <<'PY'
import re, sys, tomllib
with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
wanted = project["dependencies"] + (project["optional-dependencies"][sys.argv[1]] if sys.argv[1] else [])
print(", ".join(re.split(r"[<>=!~ ;]", requirement, maxsplit=1)[0] for requirement in wanted))
PY
)
say "installing into $venv, versions by constraints.txt: billdeck (editable), $names"

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
pip=("$venv/bin/python" -m pip --quiet install --constraint constraints.txt)
# The build tools first, pinned too; so the build below fetches nothing of its own choice.
"${pip[@]}" hatchling editables
"${pip[@]}" --no-build-isolation --editable ".${extra:+[$extra]}"

touch "$venv/.installed"
if [ "$extra" = dev ]; then touch "$venv/.installed-dev"; fi
