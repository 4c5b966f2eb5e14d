#!/usr/bin/env bash
# Makes .venv with ocrd in it, in the versions of packaging/locks, and installs what that needs from
# Debian. Quick when nothing changed; says what is missing where it cannot.
# Usage: packaging/bootstrap.sh [dev|mutants|quantise]    dev: the tests and PyTorch; the others: that and more
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/environment.sh
extra=${1:-}

find_python
if [ -n "$extra" ]; then
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
    # Tesseract, what its tests read, and what they are set in.
    command -v tesseract >/dev/null || absent+=(tesseract-ocr)
    for code in ara ell eng heb hin kor osd rus tha vie; do
        [ -e "/usr/share/tesseract-ocr/5/tessdata/$code.traineddata" ] || absent+=("tesseract-ocr-$code")
    done
    [ -e /usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf ] || absent+=(fonts-dejavu-core)
    [ -e /usr/share/fonts/opentype/fonts-hosny-amiri/Amiri-Regular.ttf ] || absent+=(fonts-hosny-amiri)
    [ -e /usr/share/fonts/truetype/lohit-devanagari/Lohit-Devanagari.ttf ] || absent+=(fonts-lohit-deva)
    [ -e /usr/share/fonts/truetype/nanum/NanumMyeongjo.ttf ] || absent+=(fonts-nanum)
    [ -e /usr/share/fonts/opentype/tlwg/Loma.otf ] || absent+=(fonts-tlwg-loma-otf)
    # The machines of tests/system.
    command -v systemd-nspawn >/dev/null || absent+=(systemd-container)
    command -v mmdebstrap >/dev/null || absent+=(mmdebstrap)
    # A processor that lacks what libraries are built with.
    [ "$(uname -m)" != x86_64 ] || command -v qemu-x86_64 >/dev/null || absent+=(qemu-user)
    # The Debian package.
    command -v dh >/dev/null || absent+=(debhelper dpkg-dev)
    command -v lintian >/dev/null || absent+=(lintian)
    [ ${#absent[@]} = 0 ] || need_debian "${absent[@]}"
fi

case $extra in
    "") wanted=(base) ;;
    dev) wanted=(base systemd gpu dev torch) ;;
    *) wanted=(base systemd gpu dev "$extra" torch) ;;
esac

# What was installed last: from what, then which packages.
stamp=.venv/installed-${extra:-base}
describe() {
    cat pyproject.toml packaging/environment.sh "$0" "$locks"/*.txt | sha256sum
    locked "${wanted[@]}"
}
locked() {
    local name
    for name in "$@"; do sed -n 's/^\([A-Za-z0-9._-]*\)==.*/\1/p' "$locks/$name.txt"; done | sort -u
}
if is_fit .venv/bin/python && [ "$(cat "$stamp" 2>/dev/null)" = "$(describe)" ]; then exit 0; fi

# What an older lock brought and no lock has any more; what a person has installed there stays.
remove_what_has_gone() {
    local gone
    gone=$(comm -23 <(tail -qn +2 .venv/installed-* 2>/dev/null | sort -u) \
        <(locked base systemd gpu dev mutants quantise torch build))
    # shellcheck disable=SC2086
    [ -z "$gone" ] || .venv/bin/python -m pip uninstall --quiet --yes $gone
}

make_environment .venv
remove_what_has_gone
if [ -n "$extra" ]; then
    echo "Installing ocrd, its tests and PyTorch into .venv (1.7 GB, several minutes) …"
else
    echo "Installing ocrd and what it needs into .venv (about 550 MB, a minute or two) …"
fi
install_locked .venv "${wanted[@]}"
pip_install .venv --no-deps --no-build-isolation -e .
describe > "$stamp"
