#!/usr/bin/env bash
# A base for the image where no hub can be reached: Debian by debootstrap, and the Node and npm of this machine.
#   infra/image/base.sh [NAME]      default: policygate-base:local; then: docker build --build-arg NODE_IMAGE=NAME ...
#
# Needs root (debootstrap makes device files), debootstrap, docker, and a Node that is one file, as nodejs.org and NodeSource pack it. Set
# NODE_BINARY and NPM_FOLDER to take another one than that of the PATH; DEBIAN_SUITE (bookworm) and DEBIAN_MIRROR to take another Debian. Where
# NODE_EXTRA_CA_CERTS names the authorities of a proxy that opens TLS, the base trusts them too.
# Exit 0, or 2 with one line.
set -euo pipefail

name=${1:-policygate-base:local}
suite=${DEBIAN_SUITE:-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

fail() {
  printf 'base.sh: %s\n' "$1" >&2
  exit 2
}

[ "$(id -u)" = 0 ] || fail 'not root; debootstrap makes device files: run it with sudo'
for tool in debootstrap docker tar; do
  command -v "$tool" >/dev/null || fail "$tool is missing; install it (on Debian: apt-get install debootstrap docker.io)"
done
node=${NODE_BINARY:-$(command -v node || true)}
[ -n "$node" ] && [ -x "$node" ] || fail 'no Node; install Node 20.19 or newer, or name one: NODE_BINARY=/path/to/node'
npm=${NPM_FOLDER:-$(npm root --global 2>/dev/null)/npm}
[ -f "$npm/bin/npm-cli.js" ] || fail "no npm in $npm; name its folder: NPM_FOLDER=/path/to/node_modules/npm"

root=$(mktemp --directory)
trap 'rm -rf "$root"' EXIT
# Node is linked with libstdc++; npm reaches its registry by the authorities that Node brings, or by those here.
debootstrap --variant=minbase --include=ca-certificates,libstdc++6 "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
  fail "debootstrap failed; its last line: $(tail -1 "$root.log")"
rm -f "$root.log"
install -D --mode 755 "$(readlink --canonicalize "$node")" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules"
cp --recursive --no-preserve=ownership "$npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
changes=(--change 'CMD ["node"]')
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  install -D --mode 644 "$NODE_EXTRA_CA_CERTS" "$root/etc/ssl/certs/extra-authorities.crt"
  changes+=(--change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/extra-authorities.crt')
fi
version=$(chroot "$root" /usr/local/bin/node --version 2>/dev/null) ||
  fail "$node does not run on $suite; take one that is a single file for glibc, as nodejs.org packs it: NODE_BINARY=..."
chroot "$root" /usr/local/bin/npm --version >/dev/null 2>&1 || fail "npm of $npm does not run with Node $version"
# Lists and packages can be had again; they would be a third of the image.
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/* "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*
tar --directory "$root" --numeric-owner --create . | docker import "${changes[@]}" - "$name" >/dev/null
printf '%s: Debian %s, Node %s\n' "$name" "$suite" "$version"
