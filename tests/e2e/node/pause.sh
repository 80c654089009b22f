#!/bin/sh
# Writes the image of pause.c, e2e/pause:1, as an archive in the directory $1.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$1"
cc -static -Os -s -o pause "$here/pause.c"
tar -cf layer.tar pause
sum() { sha256sum "$1" | cut -d' ' -f1; }
case $(uname -m) in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; *) architecture=$(uname -m) ;; esac
printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$architecture" "$(sum layer.tar)" >config.json
printf '[{"Config":"config.json","RepoTags":["localhost/e2e/pause:1"],"Layers":["layer.tar"]}]' >manifest.json
tar -cf pause.tar manifest.json config.json layer.tar
