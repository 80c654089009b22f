#!/bin/sh
# Prints a directory that holds the control plane for the end-to-end tests: etcd, kube-apiserver and kubectl.
#
# KUBEBUILDER_ASSETS is used as it is when set (it must be complete). Otherwise the binaries are compiled from the
# versions pinned in go.mod and go.sum; KUBERNETES names a folder here with others, such as 1.33.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")${KUBERNETES:+/$KUBERNETES}" && pwd)
name=envtest
tools='etcd kube-apiserver kubectl'
given=${KUBEBUILDER_ASSETS:-}

compile() {
    # Read back from the pins, so that no binary ever reports another version than it is: kubectl warns about a skew by it.
    version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
    minor=${version#v1.}
    minor=${minor%%.*}
    flags='-s -w'
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        flags="$flags -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
    done
    CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "$flags" -o "$1/" tool
    mv "$1/server" "$1/etcd" # etcd's main package sits at its module's root, which is called server
}

. "$here/${KUBERNETES:+../}../compile.sh"
