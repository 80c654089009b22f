#!/bin/sh
# Prints a directory that holds both Helms that users have, helm3 and helm4, as pinned in go.mod and go.sum.
# HELM_ASSETS is used as it is when set (it must be complete).
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=helm
tools='helm3 helm4'
given=${HELM_ASSETS:-}

compile() {
    minor=$(go list -m -f '{{.Version}}' k8s.io/client-go | cut -d. -f2)
    for major in 3 4; do
        module=helm.sh/helm/v$major
        version=$(go list -m -f '{{.Version}}' "$module")
        flags="-s -w -X $module/internal/version.version=$version"
        # Helm 3 is told so which Kubernetes it renders for when it sees none; Helm 4 looks at what it is built from.
        [ "$major" = 4 ] || for package in pkg/chartutil pkg/lint/rules; do
            flags="$flags -X $module/$package.k8sVersionMajor=1 -X $module/$package.k8sVersionMinor=$minor"
        done
        CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "$flags" -o "$1/helm$major" "$module/cmd/helm"
    done
}

. "$here/../compile.sh"
