#!/usr/bin/env bash
# Makes packaging/locks anew from the ranges in pyproject.toml: exact versions of everything, direct
# and indirect, for every Python and processor that ocrd runs on. What is locked stays as long as
# the ranges admit it; UPGRADE=1 takes the newest.
#
#   base.txt         what ocrd itself needs
#   systemd.txt, mcp.txt, gpu.txt, dev.txt, mutants.txt, quantise.txt
#                    what each extra needs beside that (dev and those after it: beside gpu too)
#   torch.txt        PyTorch, without hashes: its build differs by machine
#   build.txt        what builds wheels, complete
#   lock.txt         what this script runs
#   constraints.txt  the versions of all of these once more, without hashes: for pipx and uv, and
#                    for what PyTorch's build for a GPU needs
#
# Usage: packaging/lock.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/environment.sh
torch=2.13.0 # the version whose build for processors alone is at hand
tools=build/lock

# compile NAME OPTION…: writes NAME.txt.
compile() {
    local name=$1
    shift
    "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header \
        --no-emit-index-url "$@" --output-file "$work/$name.txt" >/dev/null
}

# layer NAME OPTION…: NAME.txt has, with hashes, what these need and the layers before it have not.
layer() {
    local name=$1 package without=()
    shift
    for package in $(names "${layers[@]}") $(names "$work/constraints.txt" | grep -E '^(torch|triton|nvidia-|cuda-)'); do
        without+=(--no-emit-package "$package")
    done
    compile "$name" --generate-hashes --constraints "$work/constraints.txt" "${without[@]}" "$@"
    layers+=("$work/$name.txt")
}

names() {
    [ $# = 0 ] || sed -n 's/^\([A-Za-z0-9._-]*\)==.*/\1/p' "$@" | sort -u
}

say_whose() {
    local file
    for file in "$work"/*.txt; do
        sed -i '1i # Made by packaging/lock.sh (make lock): do not edit.' "$file"
    done
}

find_python
make_environment "$tools"
pip_install "$tools" --require-hashes -r "$locks/lock.txt"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
layers=()

echo "torch==$torch" > "$work/pin.in"
if [ -z "${UPGRADE:-}" ] && [ -e "$locks/constraints.txt" ]; then
    cp "$locks/constraints.txt" "$work/" # uv prefers what its output has
fi
compile constraints pyproject.toml --constraints "$work/pin.in" --group build --group lock \
    --extra gpu --extra systemd --extra mcp --extra dev --extra mutants --extra quantise
layer base pyproject.toml
layer systemd pyproject.toml --extra systemd
layer gpu pyproject.toml --extra gpu
layer dev pyproject.toml --extra gpu --extra dev
layer mutants pyproject.toml --extra gpu --extra dev --extra mutants
layer quantise pyproject.toml --extra gpu --extra dev --extra quantise
layers=("$work/base.txt")
layer mcp pyproject.toml --extra mcp
for group in build lock; do
    layers=()
    layer "$group" --group "$group"
done
printf '%s\n' "-c constraints.txt" "torch==$torch" > "$work/torch.txt"
say_whose
cp "$work"/*.txt "$locks/"
