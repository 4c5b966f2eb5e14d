#!/usr/bin/env bash
# Prepares what `make bench-gpu` needs on a machine with a GPU and without a package index, whose
# Transformers may be too old: its wheel, in a folder that git ignores. The wheel stays packed (13 MB
# for 55 MB); the command there unpacks it. Copy this source tree there, that folder with it.
# Usage: packaging/gpu-carry.sh [VERSION]
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:-5.23.0}
folder=.gpu-carry
python=${PYTHON:-python3}

rm -rf "$folder"
"$python" -m pip download --quiet --disable-pip-version-check \
    --no-deps --only-binary=:all: --dest "$folder" "transformers==$version" \
    2> >(grep -v "is ignored: it is neither a file nor a directory" >&2)
wheel=$(ls "$folder"/transformers-*-none-any.whl)

echo "$wheel, $(du -h "$wheel" | cut -f1). It asks for:"
"$python" - "$wheel" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    for line in wheel.read(name).decode().splitlines():
        if line.startswith("Requires-Dist:") and ";" not in line:
            print(" ", line.removeprefix("Requires-Dist: "))
END
echo "The one command there, in the source tree, with that folder in it (nine minutes at most):"
echo "  python3 -m benchmarks.gpu"
