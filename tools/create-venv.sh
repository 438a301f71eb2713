#!/bin/sh
# Create the virtual environment that the Makefile works in: create-venv.sh FOLDER
set -eu

folder=$1
here=$(dirname "$0")
python=$(sh "$here/find-python.sh")
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

can_create() {
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1
}

# Debian ships the module in a package of its own.
can_create || sh "$here/install-packages.sh" "python$version-without-venv:python$version-venv"
if ! can_create; then
    echo "$python cannot create virtual environments (no module ensurepip):" \
        "install it (on Debian: apt-get install python$version-venv), or name another: make PYTHON=/path/to/python" >&2
    exit 1
fi
echo "Creating $folder with Python $version"
"$python" -m venv --clear "$folder"
