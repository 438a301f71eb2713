#!/bin/sh
# Print the newest Python that lineman runs on (3.11 or later); fail with one clear message where there is none.
set -eu

# PYTHON names one to use instead of looking for one.
for candidate in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        "$candidate" -c 'import sys; print(sys.executable)'
        exit 0
    fi
done
echo "lineman needs Python 3.11 or later, and none of ${PYTHON:-python3.14 to python3.11, python3 or python} is one:" \
    "install it (on Debian: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python" >&2
exit 1
