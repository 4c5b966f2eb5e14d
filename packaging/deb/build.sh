#!/usr/bin/env bash
# Makes the Debian package ocrd_VERSION_ARCHITECTURE.deb for the Debian that this runs on, from the
# source distribution in FOLDER, and puts it there too. `make deb` makes both in dist/.
# Usage: packaging/deb/build.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
folder=$(realpath "${1:-dist}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

version() {
    sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml
}

need_debian() {
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    echo "Installing from Debian: $*"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends "$@" >/dev/null
}

unpack() {
    tar -xzf "$folder/ocrd_daemon-$(version).tar.gz" -C "$work"
    cd "$work/ocrd_daemon-$(version)"
    cp -r packaging/deb/debian debian
}

# The time of the last change is the package's, and that of each file in it.
write_changelog() {
    local when
    when=$(git -C "$root" log -1 --format=%cD 2>/dev/null || date -R)
    cat > debian/changelog <<END
ocrd ($(version)-1) unstable; urgency=medium

  * Version $(version): see CHANGELOG.md.

 -- The ocrd authors <ocrd@packages.invalid>  $when
END
}

install_build_dependencies() {
    command -v dpkg-buildpackage >/dev/null || need_debian install dpkg-dev
    dpkg-checkbuilddeps 2>/dev/null || need_debian build-dep "$PWD"
}

build() {
    umask 022
    dpkg-buildpackage --build=binary --no-sign --no-check-builddeps
}

unpack
write_changelog
install_build_dependencies
build > "$work/log" 2>&1 || { tail -40 "$work/log" >&2; exit 1; }
cp "$work"/*.deb "$folder/"
cd "$work"
for package in *.deb; do du -h "$folder/$package"; done
