#!/usr/bin/env bash
# Makes .venv with ocrd in it, and installs what that needs from Debian. Quick when nothing changed.
# Usage: packaging/bootstrap.sh [EXTRA]   for example: packaging/bootstrap.sh dev
set -euo pipefail
cd "$(dirname "$0")/.."
extra=${1:-}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

need_debian() {
    command -v apt-get >/dev/null || { echo "Please install: $*" >&2; exit 1; }
    echo "Installing from Debian: $*"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=/usr/bin/python3
    [ -x "$python" ] || need_debian python3
fi
"$python" -c 'import venv, ensurepip' 2>/dev/null || need_debian python3-venv
if [ "$extra" = dev ]; then
    absent=()
    command -v rsync >/dev/null || absent+=(rsync)
    command -v strace >/dev/null || absent+=(strace)
    # The extra systemd is compiled.
    command -v gcc >/dev/null || absent+=(gcc libc6-dev)
    command -v pkg-config >/dev/null || absent+=(pkg-config)
    pkg-config --exists libsystemd 2>/dev/null || absent+=(libsystemd-dev)
    include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    [ -e "$include/Python.h" ] || absent+=(python3-dev)
    # The shares and disks of tests/faults.
    command -v fusermount3 >/dev/null || absent+=(fuse3)
    compgen -G '/usr/lib/*/libfuse.so.2' >/dev/null || absent+=(libfuse2)
    command -v bindfs >/dev/null || absent+=(bindfs)
    command -v sshfs >/dev/null || absent+=(sshfs)
    [ -x /usr/lib/openssh/sftp-server ] || absent+=(openssh-sftp-server)
    command -v socat >/dev/null || absent+=(socat)
    if ! command -v smbd >/dev/null; then
        absent+=(samba)
        # Only the tests start it: no server of this machine's own comes with it.
        for unit in smbd nmbd samba-ad-dc; do
            [ -e "/etc/systemd/system/$unit.service" ] || as_root ln -s /dev/null "/etc/systemd/system/$unit.service"
        done
    fi
    command -v smbclient >/dev/null || absent+=(smbclient)
    command -v rclone >/dev/null || absent+=(rclone)
    command -v mkfs.btrfs >/dev/null || absent+=(btrfs-progs)
    # The machines of tests/system.
    command -v systemd-nspawn >/dev/null || absent+=(systemd-container)
    command -v mmdebstrap >/dev/null || absent+=(mmdebstrap)
    # The Debian package.
    command -v dh >/dev/null || absent+=(debhelper dpkg-dev)
    command -v lintian >/dev/null || absent+=(lintian)
    [ ${#absent[@]} = 0 ] || need_debian "${absent[@]}"
fi

stamp=.venv/installed-${extra:-base}
wanted=$(sha256sum pyproject.toml "$0" | sha256sum)
if [ -x .venv/bin/ocrd ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" \
        2> >(grep -v -e "is ignored: it is neither a file nor a directory" -e DEPRECATION >&2)
}
if [ "$extra" = dev ]; then
    echo "Installing ocrd, its tests and PyTorch into .venv (1.7 GB, several minutes) …"
    # This version and first, so that a processor-only build of it that is at hand is taken.
    install torch==2.13.0
    install -e ".[dev,gpu,systemd]"
else
    echo "Installing ocrd and what it needs into .venv (about 550 MB, a minute or two) …"
    install -e ".${extra:+[$extra]}"
fi
echo "$wanted" > "$stamp"
