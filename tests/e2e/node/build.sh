#!/bin/sh
# Prints a directory that holds what a node runs, and the controllers: kubelet, kube-proxy, kube-controller-manager and
# kube-scheduler, compiled from the versions pinned in go.mod and go.sum. NODE_ASSETS is used as it is when set (it must be
# complete).
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=node
tools='kubelet kube-proxy kube-controller-manager kube-scheduler'
given=${NODE_ASSETS:-}

compile() {
    version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
    minor=${version#v1.}
    minor=${minor%%.*}
    flags='-s -w'
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        flags="$flags -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
    done
    CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "$flags" -o "$1/" tool
}

. "$here/../compile.sh"
