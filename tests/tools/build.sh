#!/bin/sh
# Prints the path of a program that checks what is shipped: `build.sh promtool`. Each is a folder here, and compiled from
# the versions that its go.mod and go.sum pin. TOOLS_ASSETS names a directory that has them already.
set -eu

name=$1
tools=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")/$1" && pwd)
given=${TOOLS_ASSETS:-}

compile() {
    # promtool without the clients of every cloud: none of them is asked for a rule.
    CGO_ENABLED=0 go build -buildvcs=false -trimpath -tags remove_all_sd -ldflags '-s -w' -o "$1/" tool
}

directory=$(. "$here/../../e2e/compile.sh")
echo "$directory/$name"
