#!/usr/bin/env bash
# Makes the virtual environment of the package, for /opt/ocrd and in the folder TREE.
# Usage: packaging/deb/venv.sh TREE         from the sources' own folder
#        packaging/deb/venv.sh --depends    prints which Python the package depends on
# The versions are those of packaging/locks, and each file that is fetched is the one that was locked;
# the package has the list in /usr/share/doc/ocrd/python-packages.txt.
set -euo pipefail
. packaging/environment.sh
# shellcheck disable=SC2034  # of environment.sh
python=/usr/bin/python3
home=/opt/ocrd

# Wheels and byte code belong to one minor version of Python.
depends() {
    "$python" -c 'import sys
major, minor = sys.version_info[:2]
print(f"python3 (>= {major}.{minor}~), python3 (<< {major}.{minor + 1}~)")'
}

pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check "$@"
}

# What is compiled here is compiled for this Python: a cache may have it from another of the same
# version, with paths of its own in it; debug information would have them too. It is built with tools
# that stay outside.
install_packages() {
    local tools=$work/tools
    make_environment "$tools"
    pip_install "$tools" --require-hashes -r "$locks/build.txt"
    CFLAGS=-g0 "$tools/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-cache-dir \
        --no-build-isolation --no-deps --require-hashes --wheel-dir "$work" -r "$locks/systemd.txt"
    "$tools/bin/python" -m pip wheel --quiet --disable-pip-version-check \
        --no-build-isolation --no-deps --wheel-dir "$work" .
    make_environment "$venv"
    pip_install "$venv" --no-compile --require-hashes -r "$locks/base.txt"
    pip_install "$venv" --no-compile --no-deps "$work"/*.whl
}

list_packages() {
    mkdir -p "$tree/usr/share/doc/ocrd"
    pip list --format=freeze | grep -Ev '^(pip|setuptools|ocrd-daemon)=' \
        > "$tree/usr/share/doc/ocrd/python-packages.txt"
    pip uninstall --quiet --yes pip setuptools
}

# Only ocrd is for people; the rest would name the folder that it was built in.
remove_what_nobody_runs() {
    find "$venv/bin" -mindepth 1 ! -name ocrd ! -name 'python*' -delete
    find "$venv/lib" \( -name direct_url.json -o -name REQUESTED \) -delete
    find "$venv" -name __pycache__ -prune -exec rm -rf {} +
    rm -rf "${venv:?}"/{.gitignore,include,share,lib64}
    sed -i -E '/^\.\.\/|\/(direct_url\.json|REQUESTED),/d' "$venv"/lib/python3*/site-packages/*/RECORD
}

name_final_paths() {
    sed -i "s|$venv|$home|g" "$venv/bin/ocrd" "$venv/pyvenv.cfg"
    if grep -rIl --exclude-dir=site-packages "$tree" "$venv"; then
        echo "These still name $tree." >&2
        exit 1
    fi
}

# Byte code that needs no look at the sources' times, so that nobody ever writes any at run time.
compile() {
    PYTHONHASHSEED=0 "$python" -m compileall -q -j 0 -s "$tree" -p / \
        --invalidation-mode unchecked-hash "$venv/lib" >/dev/null
}

if [ "$1" = --depends ]; then
    depends
    exit
fi
tree=$(realpath -m "$1")
venv=$tree$home
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
install_packages
list_packages
remove_what_nobody_runs
name_final_paths
compile
