#!/usr/bin/env bash
# Makes .venv with ocrd in it, and installs what that needs from Debian. Quick when nothing changed.
# Usage: packaging/bootstrap.sh [EXTRA]   for example: packaging/bootstrap.sh dev
set -euo pipefail
cd "$(dirname "$0")/.."
extra=${1:-}

need_debian() {
    command -v apt-get >/dev/null || { echo "Please install: $*" >&2; exit 1; }
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    echo "Installing from Debian: $*"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=/usr/bin/python3
    [ -x "$python" ] || need_debian python3
fi
"$python" -c 'import venv, ensurepip' 2>/dev/null || need_debian python3-venv
if [ "$extra" = dev ]; then
    command -v rsync >/dev/null || need_debian rsync
    command -v strace >/dev/null || need_debian strace
fi

stamp=.venv/installed-${extra:-base}
wanted=$(sha256sum pyproject.toml "$0" | sha256sum)
if [ -x .venv/bin/ocrd ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "Installing ocrd and what it needs into .venv (about 550 MB, a minute or two) …"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".${extra:+[$extra]}" 2> >(grep -v "is ignored: it is neither a file nor a directory" >&2)
echo "$wanted" > "$stamp"
