.PHONY: test

# Needs nothing but the Rust toolchain.
test:
	cargo test --locked
