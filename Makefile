.PHONY: test envtest e2e

# Needs nothing but the Rust toolchain.
test:
	cargo test --locked

# etcd, kube-apiserver and kubectl for the end-to-end tests: compiled once into the user's cache, or KUBEBUILDER_ASSETS.
envtest:
	tests/e2e/envtest/build.sh

# A real control plane, our binary, our manifests. Needs Go for the first run, see envtest.
e2e: envtest
	cargo test --locked --test e2e
