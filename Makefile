.PHONY: run test lint doc licences check certs envtest e2e

# The webhook at work on the sample cluster. Needs nothing but the Rust toolchain.
run:
	cargo build --locked
	cargo run --locked --quiet --example certificates -- target/run
	cargo run --locked --quiet --example demo -- target/run

# Needs nothing but the Rust toolchain.
test:
	cargo test --locked

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps

# The tests check licences and denied crates; cargo-deny also knows the systems that this machine does not build for.
licences:
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --locked check bans licenses sources; \
	else echo 'cargo-deny is not installed: licences were checked by make test, for this system'; fi

# All that must hold for a change to land: what CI runs.
check: lint test doc licences e2e

# A throw-away CA and server certificate, in certs/.
certs:
	cargo run --locked --quiet --example certificates -- certs

# etcd, kube-apiserver and kubectl for the end-to-end tests: compiled once into the user's cache, or KUBEBUILDER_ASSETS.
envtest:
	tests/e2e/envtest/build.sh

# A real control plane, our binary, our manifests. Needs Go for the first run, see envtest.
e2e: envtest
	cargo test --locked --test e2e
