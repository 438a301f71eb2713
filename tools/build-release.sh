#!/bin/sh
# Build the wheel and the source archive into dist/ and check them. The argument, if any, is the tag that is released:
# v1.2.3 has to be the version that the package says.
set -eu

cd "$(dirname "$0")/.."
tag=${1:-}
rm -rf dist
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
"${PYTHON:-python3}" -m venv "$room/venv"
"$room/venv/bin/python" -m pip install --quiet --constraint constraints.txt build check-wheel-contents twine
"$room/venv/bin/python" -m build --outdir dist .
"$room/venv/bin/twine" check --strict dist/*
"$room/venv/bin/check-wheel-contents" dist/*.whl
case $tag in
v[0-9]*)
    version=$(basename dist/*.tar.gz .tar.gz | sed 's/^lineman-//')
    [ "$tag" = "v$version" ] || { echo "the tag is $tag, but the package says version $version" >&2; exit 1; }
    ;;
esac
