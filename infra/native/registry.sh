#!/bin/sh
# A schema registry without Docker: `infra/native/registry.sh --help`.
here=$(cd "$(dirname "$0")" && pwd)
exec node -r "$here/../../node_modules/esbuild-register/register.js" "$here/cli.ts" registry "$@"
