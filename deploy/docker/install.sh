#!/bin/sh
# Install one service into a virtual environment of its own, as its image does:
#   deploy/docker/install.sh tickets /opt/opsdash
# `local-gateway` is the gateway with the development issuer: the gateway's environment and our package of the local stack,
# without what that one's own servers need but with what the mail sink does. It is for compose and test clusters.
# Everything comes from uv.lock and is checked against its hashes: the service's dependencies, and the tools that build
# our own wheels. Those tools stay in a folder that is removed at the end.
set -eu
service=$1 target=$2
case "$service" in
    local-gateway) distribution=opsdash-gateway more="deploy/local" added=opsdash-local groups="--group local" ;;
    *) distribution="opsdash-$service" more="" added="" groups="" ;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
cd "$root"

pip=python3
python3 -m pip --version > /dev/null 2>&1 || { python3 -m venv "$tools/pip"; pip="$tools/pip/bin/python"; }
PYTHONPATH=. python3 -c 'from deploy.bootstrap.lock import locked_uv; print(locked_uv())' > "$tools/uv.txt"
"$pip" -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --require-hashes \
    --target "$tools/uv" --requirement "$tools/uv.txt"
uv="$tools/uv/bin/uv"

# Byte code for everything, because a running image writes none; a trial may do without (UV_COMPILE_BYTECODE=0).
export UV_COMPILE_BYTECODE="${UV_COMPILE_BYTECODE:-1}"
export UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_FROZEN=1 UV_NO_PROGRESS=1
UV_COMPILE_BYTECODE=0 UV_PROJECT_ENVIRONMENT="$tools/build" "$uv" sync --quiet --only-group image \
    --python "$(command -v python3)"
# The folders of the distributions of ours that the service stands on, and its own: "-e ./services/tickets".
"$uv" export --quiet --no-dev --no-hashes --no-header --no-annotate --package "$distribution" > "$tools/export.txt"
for project in $(sed -n 's|^-e \./||p' "$tools/export.txt") $more; do
    (cd "$project" && "$tools/build/bin/python" -m hatchling build -t wheel -d "$tools/wheels" > "$tools/build.log" 2>&1) \
        || { cat "$tools/build.log" >&2; exit 1; }
done
# Litestar names these for its own tests' sake: no service imports them, and they are a tenth of an image.
# shellcheck disable=SC2086 - no word where there is no group
UV_PROJECT_ENVIRONMENT="$target" "$uv" sync --quiet --no-dev $groups --package "$distribution" --no-install-workspace \
    --no-install-package faker --no-install-package polyfactory --python "$(command -v python3)"
"$uv" pip install --quiet --python "$target" --no-deps --no-index "$tools"/wheels/*.whl
ln -s "opsdash-$service" "$target/bin/opsdash-service"
# shellcheck disable=SC2086 - no word where nothing was added
"$target/bin/python" deploy/sbom.py --uv "$uv" "$distribution" $added > "$target/sbom.cdx.json"
