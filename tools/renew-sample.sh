#!/bin/sh
# Renew the committed sample report: a run against the sandbox with a few promises broken. Run by `make sample`.
#   SAMPLE_FAULTS  names of the faults to show, as `lineman sandbox --list-faults` lists them
set -eu

cd "$(dirname "$0")/.."
folder=reports/sample
options=""
for fault in ${SAMPLE_FAULTS:?names of faults, see lineman sandbox --list-faults}; do
    options="$options --fault $fault"
done
rm -rf "$folder"
code=0
# shellcheck disable=SC2086 # a list of words
.venv/bin/lineman test --sandbox --seed 1 --report-dir "$folder" $options || code=$?
if [ "$code" -ne 1 ]; then
    echo "The sample shows a run that fails (exit code 1), but this one ended with $code" >&2
    exit 1
fi
