#!/bin/bash
# Run once by the platform, as root, while it builds its image. Arguments are for tests: the platform's folder, and
# where the grader is installed.
set -euo pipefail
umask 022
base=${1:-/autograder}
place=${2:-/opt/dlgrader}
source="$base/source"
cpu_torch="https://download.pytorch.org/whl/cpu"

fail() {
    echo "setup.sh: $*" >&2
    exit 1
}

python_that_fits() {
    local name path
    for name in python3.13 python3.12 python3.14 python3.11 python3; do
        path=$(command -v "$name") || continue
        if "$path" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$path"
            return
        fi
    done
    return 1
}

if ! python=$(python_that_fits); then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update || true
    for version in 3.13 3.12 3.11; do
        apt-get install -y --no-install-recommends "python$version" "python$version-venv" && break
    done
    python=$(python_that_fits) || fail "the grader needs Python 3.11 or newer, which this image neither has nor" \
        "offers; choose the base image Ubuntu 24.04, or a variant with Python"
fi
echo "setup.sh: $python, $("$python" --version)"

"$python" -m venv "$place"
pip=("$place/bin/python" -m pip install --no-cache-dir --disable-pip-version-check --constraint "$source/constraints.txt")
wheels=()
if [ -d "$source/wheels" ]; then
    wheels=(--no-index --find-links "$source/wheels")
fi
if grep -q '^torch==' "$source/constraints.txt"; then
    if [ ${#wheels[@]} -gt 0 ]; then
        "${pip[@]}" "${wheels[@]}" torch
    else
        "${pip[@]}" --index-url "$cpu_torch" torch
    fi
fi
"${pip[@]}" ${wheels[@]+"${wheels[@]}"} "$source"/dlgrader-*.whl

# The key is root's alone. Student code runs as a user number that is nobody's, chosen anew for each run.
if [ "$(id -u)" = 0 ]; then
    chown -R 0:0 "$source"
else
    echo "setup.sh: not root: student code will run as this user" >&2
fi
chmod 0700 "$source"
chmod 0600 "$source/assignment.key"
chmod -R a+rX "$place"
"$place/bin/python" -I -c 'import grader.autograder.run'
echo "setup.sh: done. How student code would be kept in on the machine that builds the image:"
"$place/bin/python" -I -m grader doctor || true
