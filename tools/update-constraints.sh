#!/bin/sh
# Write constraints.txt: the newest versions that pip resolves today, of everything that lineman and its tests need.
# Run by `make constraints`; run `make test` afterwards, since only a tested set may be committed.
set -eu

cd "$(dirname "$0")/.."
folder=build/constraints-venv
python=$(sh tools/find-python.sh)
"$python" -m venv --clear "$folder"
trap 'rm -rf "$folder"' EXIT
unset PIP_BUILD_CONSTRAINT
# The build backend is pinned like everything else.
"$folder/bin/python" -m pip install -qq --editable '.[dev]' hatchling editables
{
    echo "# The complete tested set: what lineman needs, runs and is tested with. Written by \`make constraints\`."
    "$folder/bin/python" -m pip freeze --exclude-editable | grep -E '^[A-Za-z0-9._-]+==[^ ]+$'
} >"$folder/constraints.txt"
mv "$folder/constraints.txt" constraints.txt
echo "constraints.txt: $(grep -c == constraints.txt) versions"
