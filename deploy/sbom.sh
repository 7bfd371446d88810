#!/bin/sh
# The bill of materials of an environment that Antiphon is installed in, in CycloneDX's form, from the folder of
# pyproject.toml: `sh deploy/sbom.sh PYTHON FILE`. The same environment makes the same file; nothing is left in it.
set -eu
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"$1" -m venv "$tools"
"$tools/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check cyclonedx-bom==7.5.0
version=$("$1" -c 'import antiphon; print(antiphon.__version__)')
sed "s/^dynamic = .*/version = \"$version\"/" pyproject.toml > "$tools/pyproject.toml"
mkdir -p "$(dirname "$2")"
"$tools/bin/cyclonedx-py" environment --pyproject "$tools/pyproject.toml" --short-PURLs --output-reproducible \
  --output-file "$2" "$1"
