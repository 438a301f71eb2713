#!/bin/sh
# Install Debian packages for commands that are missing: install-packages.sh COMMAND:PACKAGE...
# Never fails: where it may not install, it says loudly what is missing, and the tests that need it say so again.
set -eu

missing=""
for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0

give_up() {
    echo "NOTE: $1, so these stay missing:$missing" >&2
    echo "NOTE: tests that need them are skipped, and fail where CI=true. Install them: apt-get install$missing" >&2
    exit 0
}

command -v apt-get >/dev/null 2>&1 || give_up "this machine has no apt-get"
become_root=""
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true >/dev/null 2>&1 || give_up "apt-get needs root or a sudo without password"
    become_root="sudo -n"
fi
echo "Installing Debian packages:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # both are lists of words
if ! { $become_root apt-get update -qq && $become_root apt-get install -qq -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    give_up "apt-get failed (its last lines are above)"
fi
