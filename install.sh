#!/bin/sh
# Make the environment $1 (a folder) from requirements.lock, or say in one line why that cannot be.
# Called by the Makefile alone; PYTHON names the interpreter.
set -eu
venv=$1
python=${PYTHON:-python3}
needed_mib=10000

fail() {
    echo "error: $1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || fail "$python is not installed; install Python 3.11 or later, or name one: make PYTHON=python3.12 …"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old; Python 3.11 or later is needed: make PYTHON=python3.12 …"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no venv module; on Debian or Ubuntu: apt install python3-venv"

free_mib=$(df -Pm . | awk 'NR == 2 { print $4 }')
[ -x "$venv/bin/python" ] || [ "$free_mib" -ge "$needed_mib" ] ||
    fail "$free_mib MiB free on this disk; the environment needs about $needed_mib MiB"

# An interrupted call may have left an interpreter without pip.
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv "$venv"
echo "installing the pinned packages into $venv (some minutes, once)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.lock ||
    fail "the packages could not be installed; see above, and run the command again"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ||
    fail "the package dialsum could not be installed; see above"
touch "$venv/.installed"
