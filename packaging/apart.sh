#!/usr/bin/env bash
# Makes an environment of its own in build/NAME for what ocrd is tried with and does not need: these
# packages, each with its version, beside ocrd as it is locked, or alone. Quick when nothing changed.
# Usage: packaging/apart.sh NAME ocrd|alone PACKAGE==VERSION…
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/environment.sh
folder=build/$1
beside=$2
shift 2

describe() {
    cat pyproject.toml packaging/environment.sh "$0" "$locks/base.txt" | sha256sum
    printf '%s\n' "$beside" "$@"
}
stamp=$folder/installed
if is_fit "$folder/bin/python" && [ "$(cat "$stamp" 2>/dev/null)" = "$(describe "$@")" ]; then exit 0; fi

find_python
make_environment "$folder"
echo "Installing $* into $folder (some minutes) …"
if [ "$beside" = ocrd ]; then
    install_locked "$folder" base
    pip_install "$folder" --constraint "$locks/constraints.txt" "$@"
    pip_install "$folder" --no-deps --no-build-isolation -e .
else
    pip_install "$folder" "$@"
fi
describe "$@" > "$stamp"
