#!/bin/sh
# One Kafka broker without Docker: `infra/native/kafka.sh --help`.
here=$(cd "$(dirname "$0")" && pwd)
exec node -r "$here/../../node_modules/esbuild-register/register.js" "$here/cli.ts" kafka "$@"
