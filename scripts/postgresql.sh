#!/bin/sh
# PostgreSQL's programs, which the tests start a server with; installed only where there are none.
set -e
if command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need PostgreSQL 12 or newer: install its server, so that initdb is on PATH." >&2
    exit 1
fi
run=
[ "$(id -u)" = 0 ] || run=sudo
$run apt-get update -qq
# No server of its own is to be started by the package.
$run env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends postgresql
