#!/bin/sh
# Prints a directory that holds the control plane for the end-to-end tests: etcd, kube-apiserver and kubectl.
#
# KUBEBUILDER_ASSETS is used as it is when set (it must be complete). Otherwise the binaries are compiled from the
# versions pinned in go.mod and go.sum and kept in the user's cache, outside the checkout and keyed by these two
# files: a cold build takes ten minutes on two cores, and a fresh clone should not pay for it again.
#
# Only the directory goes to stdout; progress and errors go to stderr.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tools='etcd kube-apiserver kubectl'

fail() {
    echo "envtest: $*" >&2
    exit 1
}

missing_in() {
    for tool in $tools; do
        [ -x "$1/$tool" ] || printf ' %s' "$tool"
    done
}

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    missing=$(missing_in "$KUBEBUILDER_ASSETS")
    [ -z "$missing" ] ||
        fail "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks$missing; add them, or unset it to build all three"
    echo "$KUBEBUILDER_ASSETS"
    exit
fi

if command -v sha256sum >/dev/null; then sha256='sha256sum'; else sha256='shasum -a 256'; fi
key=$(cat "$here/go.mod" "$here/go.sum" | $sha256 | cut -c1-16)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/migration-network-webhook/envtest
done_dir=$cache/$key

if [ -z "$(missing_in "$done_dir")" ]; then
    echo "$done_dir"
    exit
fi

command -v go >/dev/null ||
    fail "no Go toolchain: install the Go named in $here/go.mod, or set KUBEBUILDER_ASSETS to a directory with $tools"

# One build at a time: two of them would take twice as long and make the same files.
mkdir -p "$cache"
if command -v flock >/dev/null; then
    exec 9>"$cache/.lock"
    flock 9
    if [ -z "$(missing_in "$done_dir")" ]; then
        echo "$done_dir"
        exit
    fi
fi

cd "$here"
# Read back from the pins, so that no binary ever reports another version than it is: kubectl warns about a skew by it.
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${version#v1.}
minor=${minor%%.*}
flags='-s -w'
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags="$flags -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
done

# Beside the final place, since only a rename within one file system is atomic.
build=$(mktemp -d "$cache/.build.XXXXXX")
trap 'rm -rf "$build"' EXIT
trap 'exit 1' HUP INT TERM

echo "envtest: compiling kube-apiserver, kubectl $version and etcd with $(go env GOVERSION), about ten minutes when cold" >&2
CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "$flags" -o "$build/" tool >&2
mv "$build/server" "$build/etcd" # etcd's main package sits at its module's root, which is called server
missing=$(missing_in "$build")
[ -z "$missing" ] || fail "the build did not make$missing"

rm -rf "$done_dir"
chmod 755 "$build"
mv "$build" "$done_dir"
echo "$done_dir"
