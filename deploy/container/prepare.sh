#!/bin/sh
# The run stage, before the app is copied in: what it needs of the system (libtorch: libgomp1; the health check: curl), its user and its data folder.
set -eu
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends libgomp1 ca-certificates curl
rm -rf /var/lib/apt/lists/*
groupadd --gid 10001 playground
useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin playground
install -d -o 10001 -g 10001 -m 700 /data
