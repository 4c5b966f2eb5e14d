#!/usr/bin/env bash
# Makes .venv-lowest or .venv-newest: ocrd and its tests with the lowest versions that pyproject.toml
# admits of what it names, or with the newest of everything. PyTorch is the locked one.
# Usage: packaging/ranges.sh lowest|newest
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/environment.sh
folder=.venv-$1
case $1 in
    lowest) resolution=lowest-direct ;;
    newest) resolution=highest ;;
    *) give_up "There is no end of a range called $1." "packaging/ranges.sh lowest, or newest" ;;
esac
tools=build/lock
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find_python
make_environment "$tools"
pip_install "$tools" --require-hashes -r "$locks/lock.txt"
make_environment "$folder"
"$tools/bin/uv" pip compile --quiet --no-annotate --no-header --python "$folder/bin/python" \
    --resolution "$resolution" --constraints <(grep '^torch==' "$locks/torch.txt") \
    --extra gpu --extra systemd --extra dev pyproject.toml --output-file "$work/all.txt" >/dev/null
grep -vE '^(torch|triton|nvidia-|cuda-)' "$work/all.txt" > "$work/versions.txt"
echo "Installing the $1 versions that are admitted into $folder (1.7 GB, several minutes) …"
pip_install "$folder" --require-hashes -r "$locks/build.txt"
pip_install "$folder" --no-build-isolation -r "$work/versions.txt"
pip_install "$folder" "$(grep '^torch==' "$locks/torch.txt")"
pip_install "$folder" --no-deps --no-build-isolation -e .
"$folder/bin/python" -m pip check
