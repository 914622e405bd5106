#!/usr/bin/env bash
# Puts the Python packages that tests need into a virtual environment of their own, in a folder that git
# ignores. Does nothing if they are there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages="asyncua==2.1.0"
folder=node_modules/.cache/python
done="$folder/installed"

if [ "$(cat "$done" 2>/dev/null)" = "$packages" ]; then exit 0; fi
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check $packages
echo "$packages" >"$done"
