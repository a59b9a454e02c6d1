#!/bin/sh
# Install one service into a virtual environment of its own, as its image does:
#   deploy/docker/install.sh tickets /opt/opsdash
# Everything comes from uv.lock and is checked against its hashes: the service's dependencies, and the tools that build
# our own wheels. Those tools stay in a folder that is removed at the end.
set -eu
service=$1 target=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
cd "$root"

python3 -m venv "$tools/uv"
PYTHONPATH=deploy python3 -c 'import bootstrap; print(bootstrap.locked_uv())' > "$tools/uv.txt"
"$tools/uv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$tools/uv.txt"
uv="$tools/uv/bin/uv"

export UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_FROZEN=1 UV_NO_PROGRESS=1
UV_PROJECT_ENVIRONMENT="$tools/build" "$uv" sync --quiet --only-group image --python "$(command -v python3)"
for project in contracts services/chassis "services/$service"; do
    (cd "$project" && "$tools/build/bin/python" -m hatchling build -t wheel -d "$tools/wheels" > "$tools/build.log" 2>&1) \
        || { cat "$tools/build.log" >&2; exit 1; }
done
UV_PROJECT_ENVIRONMENT="$target" "$uv" sync --quiet --no-dev --package "opsdash-$service" --no-install-workspace \
    --compile-bytecode --python "$(command -v python3)"
"$uv" pip install --quiet --python "$target" --no-deps --no-index --compile-bytecode "$tools"/wheels/*.whl
ln -s "opsdash-$service" "$target/bin/opsdash-service"
