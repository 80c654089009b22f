.PHONY: run test lint doc licences check certs envtest e2e

# The webhook at work on the sample cluster. Needs nothing but the Rust toolchain.
run:
	cargo build --locked --bins --examples
	cargo run --locked --quiet --example certificates -- target/run
	cargo run --locked --quiet --example demo -- target/run

# Needs nothing but the Rust toolchain.
test:
	cargo test --locked

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	# Not one of "all": cargo test leaves it out, and so does this word.
	cargo clippy --locked --test e2e -- -D warnings

doc:
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps

# Licences, denied crates and sources, by .deny.toml. cargo-deny is compiled once, into the user's cache.
DENY_VERSION := 0.20.2
DENY := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/migration-network-webhook/cargo-deny-$(DENY_VERSION)

licences: $(DENY)/bin/cargo-deny
	$(DENY)/bin/cargo-deny --locked check bans licenses sources

$(DENY)/bin/cargo-deny:
	cargo install cargo-deny --version $(DENY_VERSION) --locked --root $(DENY)

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

.PHONY: gate bench bench-load bench-start bench-scale

# Instructions and allocations of the pure core, which hold on busy machines, against their limits. Needs valgrind.
gate:
	benches/core/gate

# Wall time of the pure core, for people: BENCHMARKS.md.
bench:
	cargo bench --locked --bench time -- --warm-up-time 0.3 --measurement-time 1

# The server over TLS beside a floor, ratios run by run. Two cores, and nobody else on them.
bench-load:
	cargo bench --locked --bench load

# From the start of the process to its first answer; idle memory; the size of the binary.
bench-start:
	cargo bench --locked --bench load -- --start

# A thousand nodes and a hundred thousand migrations in a real API server. Needs what e2e needs, and 4 GB of memory.
bench-scale: envtest
	cargo bench --locked --bench scale

.PHONY: dist image-archive FORCE

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# Set it to the name in your own registry, for both targets.
IMAGE ?= migration-network-webhook:$(VERSION)
# Any kubectl from the last years has kustomize in it.
KUBECTL ?= $(or $(shell command -v kubectl),$(shell tests/e2e/envtest/build.sh)/kubectl)

# One YAML file per overlay, for clusters that see no checkout.
dist: $(patsubst manifests/overlays/%/kustomization.yaml,dist/%.yaml,$(wildcard manifests/overlays/*/kustomization.yaml))

# Always anew: IMAGE may be another.
dist/%.yaml: FORCE
	mkdir -p dist
	$(KUBECTL) kustomize manifests/overlays/$* >$@.part
	sed 's|image: migration-network-webhook:.*|image: $(IMAGE)|' $@.part >$@
	rm $@.part

# The image as a file that containerd reads, for clusters that see no registry. Its bases are those of the Dockerfile, unless
# BUILDER or RUNTIME name others; these too by digest, as a tag may be another image tomorrow.
image-archive:
	@for base in '$(BUILDER)' '$(RUNTIME)'; do case "$$base" in ''|*@sha256:*) ;; *) \
	  echo "make image-archive: BUILDER and RUNTIME must be NAME@sha256:DIGEST, and one is $$base" >&2; exit 2 ;; esac; done
	mkdir -p dist
	docker build $(foreach base,BUILDER RUNTIME,$(if $($(base)),--build-arg '$(base)=$($(base))')) --tag '$(IMAGE)' .
	docker save --output dist/migration-network-webhook-$(VERSION).tar '$(IMAGE)'
