# Sourced by the build.sh of a directory with pinned Go programs. It wants the following from it:
#   here     the directory, with go.mod and go.sum
#   name     its name in the user's cache
#   tools    the programs that it makes
#   given    a directory that holds them already, or nothing
#   compile  a function that makes them in the directory that it is given
#
# The programs are kept in the user's cache, outside the checkout and keyed by go.mod and go.sum: a cold build takes
# minutes, and a fresh clone should not pay for it again. Only the directory goes to stdout.

fail() {
    echo "$name: $*" >&2
    exit 1
}

missing_in() {
    for tool in $tools; do
        [ -x "$1/$tool" ] || printf ' %s' "$tool"
    done
}

if [ -n "${given:-}" ]; then
    missing=$(missing_in "$given")
    [ -z "$missing" ] || fail "$given was given, and lacks$missing"
    echo "$given"
    exit
fi

if command -v sha256sum >/dev/null; then sha256='sha256sum'; else sha256='shasum -a 256'; fi
key=$(cat "$here/go.mod" "$here/go.sum" | $sha256 | cut -c1-16)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/migration-network-webhook/$name
done_dir=$cache/$key

if [ -z "$(missing_in "$done_dir")" ]; then
    echo "$done_dir"
    exit
fi

command -v go >/dev/null || fail "no Go toolchain: install the Go named in $here/go.mod"

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

# Beside the final place, since only a rename within one file system is atomic.
build=$(mktemp -d "$cache/.build.XXXXXX")
trap 'rm -rf "$build"' EXIT
trap 'exit 1' HUP INT TERM

cd "$here"
echo "$name: compiling$(printf ' %s' $tools) with $(go env GOVERSION), minutes when cold" >&2
compile "$build" >&2
missing=$(missing_in "$build")
[ -z "$missing" ] || fail "the build did not make$missing"

rm -rf "$done_dir"
chmod 755 "$build"
mv "$build" "$done_dir"
echo "$done_dir"
