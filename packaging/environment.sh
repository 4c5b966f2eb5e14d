# shellcheck shell=bash
# Virtual environments from the lock files, and why one could not be made. To be sourced, in the
# folder of the sources; packaging/locks is named in one place, here.
locks=packaging/locks

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Says what is wrong and the way out, and ends.
give_up() {
    printf '%s\n' "$1" "  → $2" >&2
    exit 1
}

need_debian() {
    local log
    command -v apt-get >/dev/null || give_up "This machine lacks: $*." "Install it, by Debian's names for it; there is no apt-get here."
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        give_up "This machine lacks: $*." "As root: apt-get install $*"
    echo "Installing from Debian: $*"
    log=$(mktemp)
    if ! { as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        explain "$log" "What Debian has to bring is not installed ($*)" "apt-get"
    fi
    rm -f "$log"
}

is_fit() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' >/dev/null 2>&1
}

# Sets python to an interpreter that ocrd runs on: $PYTHON, else the first that is fit.
find_python() {
    local candidates=("${PYTHON:-python3}")
    [ -n "${PYTHON:-}" ] || candidates+=(/usr/bin/python3 python3.13 python3.12 python3.11 python3.14)
    [ -n "${PYTHON:-}" ] || [ -x /usr/bin/python3 ] || command -v python3 >/dev/null || need_debian python3
    for python in "${candidates[@]}"; do
        is_fit "$python" && break
    done
    is_fit "$python" || give_up \
        "ocrd needs Python 3.11 to 3.14; ${candidates[0]} is $("${candidates[0]}" -V 2>&1 || true)." \
        "Install one of these and name it: PYTHON=/usr/bin/python3.13 make …"
    "$python" -c 'import venv, ensurepip' 2>/dev/null || need_debian python3-venv
}

# Makes the virtual environment, unless one of a fit interpreter is there: one that was left half
# made, or whose interpreter has gone, is made anew. A package that was left half installed (pip
# writes INSTALLER when all else is there) is none.
make_environment() {
    local log package
    if is_fit "$1/bin/python" && "$1/bin/python" -m pip --version >/dev/null 2>&1; then
        for package in "$1"/lib/python3*/site-packages/*.dist-info; do
            [ -s "$package/INSTALLER" ] || rm -rf "$package"
        done
        return
    fi
    log=$(mktemp)
    # In two steps, because venv keeps to itself what ensurepip says.
    if ! { "$python" -m venv --clear --without-pip "$1" &&
        "$1/bin/python" -m ensurepip --default-pip; } >"$log" 2>&1; then
        rm -rf "$1"
        explain "$log" "The virtual environment $1 is not made" "$python -m venv"
    fi
    rm -f "$log"
}

# pip_install FOLDER ARGUMENT…: what pip says is shown where it fails, then why.
pip_install() {
    local folder=$1 log
    shift
    log=$(mktemp)
    if ! "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" 2>"$log"; then
        explain "$log" "The packages are not installed in $folder" "pip"
    fi
    rm -f "$log"
}

# install_locked FOLDER NAME…: these lock files, each file that is fetched being the one that was
# locked; systemd-python is compiled with what the lock "build" brings.
install_locked() {
    local folder=$1 name files=()
    shift
    for name in "$@"; do
        case $name in
            torch) ;;
            *) files+=(-r "$locks/$name.txt") ;;
        esac
    done
    pip_install "$folder" --require-hashes -r "$locks/build.txt"
    pip_install "$folder" --require-hashes --no-build-isolation "${files[@]}"
    case " $* " in
        # No hash: its build differs by machine. One for the processor alone that is at hand is taken.
        *" torch "*) pip_install "$folder" -r "$locks/torch.txt" ;;
    esac
}

# explain LOG WHAT WHO: shows the end of the log, then says why it is so, and ends.
explain() {
    local log=$1 what=$2 who=$3 said
    said=$(grep -v -e "is ignored: it is neither" -e DEPRECATION -e "^WARNING: Retrying" "$log" | tail -n 12) || true
    [ -z "$said" ] || printf '%s\n' "$said" >&2
    if grep -q -e "No space left on device" -e "Disk quota exceeded" -e "Errno 28" -e "not enough free space" "$log"; then
        rm -f "$log"
        give_up "$what: the disk is full ($({ room . && room "${TMPDIR:-/tmp}"; } | sort -u | paste -sd ,))." \
            "Make room (make demo needs 1 GB, make test 4 GB), then run the command again."
    elif grep -q -e "Failed to establish a new connection" -e "Temporary failure" -e "Name or service not known" \
        -e "Network is unreachable" -e "Connection refused" -e "ConnectTimeout" -e "timed out" -e "ProxyError" \
        -e "from versions: none" -e "Could not resolve" -e "Could not connect" -e "Failed to fetch" "$log"; then
        rm -f "$log"
        give_up "$what: $who reaches no server to fetch from." \
            "Look at the network, the proxy (https_proxy) and, for pip, 'pip config list'; then run the command again."
    elif grep -q "DO NOT MATCH THE HASHES" "$log"; then
        rm -f "$log"
        give_up "$what: a file is not the one that was locked." \
            "Fetch again without a cache (PIP_NO_CACHE_DIR=1). If that fails as well, what serves the files has others: do not use it."
    fi
    rm -f "$log"
    give_up "$what: $who failed as shown above." "Correct it, then run the command again."
}

# What is free where a path is, for a person.
room() {
    df -hP "$1" | awk 'NR == 2 { print $4 " free on " $6 }'
}
