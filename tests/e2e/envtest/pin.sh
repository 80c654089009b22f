#!/bin/sh
# Pins a control plane in a folder of its own: `pin.sh 1.33 v1.33.3 v3.5.21`, Kubernetes and the etcd that goes with it.
# Kubernetes' go.mod names its parts with v0.0.0, so each is replaced by the version that they are released with.
set -eu

folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/$1
kubernetes=$2
etcd=$3
mkdir -p "$folder"
cd "$folder"
rm -f go.mod go.sum
upstream=$(go mod download -json "k8s.io/kubernetes@$kubernetes" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
{
    echo "// Kubernetes $kubernetes and etcd $etcd, made by ../pin.sh: see ../go.mod."
    echo 'module migration-network-webhook/envtest'
    echo
    grep '^go ' "$upstream"
    echo
    echo 'replace ('
    sed -n "s/^\tk8s.io\/\([a-z-]*\) => .*/\tk8s.io\/\1 => k8s.io\/\1 v0.${kubernetes#v1.}/p" "$upstream"
    echo ')'
} >go.mod
go get -tool "k8s.io/kubernetes/cmd/kube-apiserver@$kubernetes" "k8s.io/kubernetes/cmd/kubectl@$kubernetes" \
    "go.etcd.io/etcd/server/v3@$etcd"
