#!/bin/sh
# Renew the committed sample reports: a run against the sandbox with a few promises broken, and one that passes.
# Run by `make sample`.
#   SAMPLE_FAULTS  names of the faults to show, as `lineman sandbox --list-faults` lists them
set -eu

cd "$(dirname "$0")/.."
folder=reports/sample
options=""
for fault in ${SAMPLE_FAULTS:?names of faults, see lineman sandbox --list-faults}; do
    options="$options --fault $fault"
done
rm -rf "$folder"

run() { # EXPECTED-EXIT-CODE NAME OPTIONS...
    expected=$1 name=$2 code=0
    shift 2
    .venv/bin/lineman test --sandbox --seed 1 --report-dir "$folder/$name" "$@" || code=$?
    if [ "$code" -ne "$expected" ]; then
        echo "The sample $name should end with exit code $expected, and ended with $code" >&2
        exit 1
    fi
}

only_pages() { # what a reader looks at; the rest is large, and renewed by any run
    find "$folder" -type f ! -name index.html ! -name summary.md -delete
    find "$folder" -type d -empty -delete
}
trap only_pages EXIT

run 0 passing
# shellcheck disable=SC2086 # a list of words
run 1 failing $options
