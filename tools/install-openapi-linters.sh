#!/bin/sh
# Install the linters of openapi/package.json below build/ and print the folder of their commands.
# Exits 3, with the reason, where npm is missing or cannot install them.
set -eu

cd "$(dirname "$0")/.."
wanted=openapi/package.json
folder=build/openapi-linters-$(cksum <"$wanted" | tr -d ' ')
commands=$folder/node_modules/.bin
if [ ! -e "$folder/complete" ]; then
    command -v npm >/dev/null 2>&1 || { echo "npm is not installed (on Debian: apt-get install nodejs npm)" >&2; exit 3; }
    mkdir -p build
    # Beside the final place, then renamed: two callers at once cannot see half an installation.
    draft=$(mktemp -d build/openapi-linters-draft.XXXXXX)
    trap 'rm -rf "$draft"' EXIT
    cp "$wanted" "$draft/package.json"
    modern=""
    # Redocly needs a newer Node than some Debian releases have; npm can bring one.
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
        modern=node@22.23.3
    # Node trusts a list of its own; a company's proxy is known to the system's.
    system_certificates=/etc/ssl/certs/ca-certificates.crt
    [ -n "${NODE_EXTRA_CA_CERTS:-}" ] || [ ! -r "$system_certificates" ] || export NODE_EXTRA_CA_CERTS="$system_certificates"
    # shellcheck disable=SC2086 # nothing or one word
    npm install --prefix "$draft" --no-package-lock --no-save --no-audit --no-fund --loglevel=error --fetch-retries=1 $modern >"$draft/log" 2>&1 ||
        { tail -n 5 "$draft/log" >&2; echo "npm could not install the linters of $wanted (its last lines are above)" >&2; exit 3; }
    touch "$draft/complete"
    mv "$draft" "$folder" 2>/dev/null || [ -e "$folder/complete" ]
    rm -rf "$folder"/openapi-linters-draft.*
fi
echo "$PWD/$commands"
