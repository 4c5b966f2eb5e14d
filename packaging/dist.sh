#!/usr/bin/env bash
# Makes the wheel and the source distribution in FOLDER, with a tool in a virtual environment of its
# own.
# Usage: packaging/dist.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-dist}
tools=build/tools

if [ ! -x "$tools/bin/pyproject-build" ]; then
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check 'build>=1.2'
fi
# The wheel is built from the source distribution: that proves it complete.
"$tools/bin/pyproject-build" --outdir "$folder" . | tail -1
