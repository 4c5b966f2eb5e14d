#!/usr/bin/env bash
# Makes the wheel and the source distribution in FOLDER, with tools in a virtual environment of their
# own, and puts the lock files beside them: the wheel is installed with these versions.
# Usage: packaging/dist.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/environment.sh
folder=${1:-dist}
tools=build/tools

find_python
make_environment "$tools"
if ! cmp -s "$locks/build.txt" "$tools/installed"; then
    pip_install "$tools" --require-hashes -r "$locks/build.txt"
    cp "$locks/build.txt" "$tools/installed"
fi
# The wheel is built from the source distribution: that proves it complete.
"$tools/bin/pyproject-build" --no-isolation --outdir "$folder" . | tail -1
rm -rf "$folder/locks"
cp -r "$locks" "$folder/locks"
