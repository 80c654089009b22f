.PHONY: run test lint doc docs licences alerts workflows check certs envtest helm e2e

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
	# Not of "all": cargo test leaves them out, and so does this word.
	cargo clippy --locked --test e2e --test node --test soak --test pages -- -D warnings

doc:
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items

# What is made from the binary's own words: the page of rules, and the pictures of the README.
docs:
	UPDATE_DOCS=1 cargo test --locked --test suite rules_page
	UPDATE_DOCS=1 cargo test --locked --test cli pictures

# Licences, denied crates and sources, by .deny.toml. cargo-deny is compiled once, into the user's cache.
DENY_VERSION := 0.20.2
DENY := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/migration-network-webhook/cargo-deny-$(DENY_VERSION)

licences: $(DENY)/bin/cargo-deny
	$(DENY)/bin/cargo-deny --locked check bans licenses sources

$(DENY)/bin/cargo-deny:
	cargo install cargo-deny --version $(DENY_VERSION) --locked --root $(DENY)

# Alerts and dashboard in Prometheus' own promtool, with unit tests of each alert. Compiled once, as the tools of e2e are.
alerts:
	tests/alerts/run

# The workflows of .github, in actionlint.
workflows:
	"$$(tests/tools/build.sh actionlint)"

.PHONY: fuzz mutants

# Coverage-guided fuzzing, TIME seconds for each target: make fuzz TIME=60 FUZZ_TARGETS="review value". A find is in
# tests/fuzz/artifacts. cargo-fuzz is compiled once, into the user's cache; it needs a C++ compiler.
FUZZ_VERSION := 0.13.2
FUZZ := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/migration-network-webhook/cargo-fuzz-$(FUZZ_VERSION)
FUZZ_TARGETS ?= review value stored cidr rewrite suite cluster printed
TIME ?= 60
fuzz: $(FUZZ)/bin/cargo-fuzz
	PATH='$(FUZZ)/bin:$(PATH)' tests/fuzz/run $(TIME) $(FUZZ_TARGETS)

$(FUZZ)/bin/cargo-fuzz:
	cargo install cargo-fuzz --version $(FUZZ_VERSION) --locked --root $(FUZZ)

# Mutation testing of the pure core: MUTANTS="--shard 1/8", or --in-diff FILE. What was missed is in target/mutants/missed.txt.
MUTANTS_VERSION := 27.1.0
MUTANTS_ROOT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/migration-network-webhook/cargo-mutants-$(MUTANTS_VERSION)
MUTANTS ?=
mutants: $(MUTANTS_ROOT)/bin/cargo-mutants
	PATH='$(MUTANTS_ROOT)/bin:$(PATH)' tests/mutants/run $(MUTANTS)

$(MUTANTS_ROOT)/bin/cargo-mutants:
	cargo install cargo-mutants --version $(MUTANTS_VERSION) --locked --root $(MUTANTS_ROOT)

# All that must hold for a change to land: what CI runs.
check: lint test doc licences alerts workflows e2e e2e-pages

# A throw-away CA and server certificate, in certs/.
certs:
	cargo run --locked --quiet --example certificates -- certs

# etcd, kube-apiserver and kubectl for the end-to-end tests: compiled once into the user's cache, or KUBEBUILDER_ASSETS.
envtest:
	tests/e2e/envtest/build.sh

# The Helms that they install with, in the same way; HELM_ASSETS names a directory with helm3 and helm4.
helm:
	tests/e2e/helm/build.sh

# A real control plane, our binary, our manifests. Needs Go for the first run, see envtest. KUBERNETES=1.33 takes the one of
# that folder in tests/e2e/envtest.
export KUBERNETES ?=
e2e: envtest helm
	cargo test --locked --test e2e

.PHONY: node e2e-node e2e-policy

# kubelet, kube-proxy and the controllers, in the same way; NODE_ASSETS names a directory with them.
node:
	tests/e2e/node/build.sh

# Real nodes in namespaces of their own: our image, our chart, Helm, and a change every 30 ms. Needs root and some Debian
# packages, and says which are missing. The table of docs/testing.md is printed at the end.
e2e-node: envtest helm node image-archive
	$(ON_NODES) --skip network_policy::
	cat target/tmp/node.md

ON_NODES := cargo test --locked --test node --config 'target."cfg(unix)".runner = "tests/e2e/node/box"' -- --test-threads=1

# On such a node, the chart's network policy under kube-router, which enforces it and is compiled in the same way.
e2e-policy: envtest helm node image-archive
	KUBE_ROUTER="$$(tests/tools/build.sh kube-router)" $(ON_NODES) network_policy::
	cat target/tmp/node.md

.PHONY: soak

# TIME seconds of changes through a real API server while something fails, one thing at a time, in an order that SEED decides.
# The binary is the one that is released, as its memory counts. Needs Debian's package faketime. The table of docs/testing.md
# is printed at the end.
SEED ?=
soak: TIME = 180
soak: envtest
	cargo build --locked --release
	WEBHOOK=$(CURDIR)/target/release/migration-network-webhook \
	  cargo test --locked --test soak -- --seconds $(TIME) $(SEED:%=--seed %)

# The pages of -o html in a real browser: needs Chromium, which CHROMIUM names.
.PHONY: e2e-pages
e2e-pages:
	cargo test --locked --test pages

.PHONY: bench bench-load bench-start bench-scale

# Wall time of the pure core, for people: BENCHMARKS.md.
bench:
	cargo bench --locked --bench time -- --warm-up-time 0.3 --measurement-time 1

# The server over TLS beside a bare hyper and axum. Two cores, and nobody else on them.
bench-load:
	cargo bench --locked --bench load

# From the start of the process to its first answer; idle memory; the size of the binary.
bench-start:
	cargo bench --locked --bench load -- --start

# A thousand nodes and a hundred thousand migrations in a real API server. Needs what e2e needs, and 4 GB of memory.
bench-scale: envtest
	cargo bench --locked --bench scale

.PHONY: binary image image-archive dist

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# The project's public home, once it has one; image and chart are then called by it.
OWNER ?=
PROJECT := $(if $(OWNER),https://github.com/$(OWNER)/migration-network-webhook)
REGISTRY ?= $(if $(OWNER),ghcr.io/$(OWNER))
# Of the image that was pushed; the chart then names it by that.
DIGEST ?=
IMAGE ?= $(if $(REGISTRY),$(REGISTRY)/)migration-network-webhook:$(VERSION)
# What builds the image: buildah where it is there, else docker.
BUILD ?= $(or $(shell command -v buildah),docker)
TARGET ?= $(shell uname -m)-unknown-linux-gnu
# What containers and krew call that.
ARCH := $(patsubst x86_64-%,amd64,$(patsubst aarch64-%,arm64,$(TARGET)))
# Debian's cross compiler, for the other one.
ifneq ($(firstword $(subst -, ,$(TARGET))),$(shell uname -m))
CROSS := $(firstword $(subst -, ,$(TARGET)))-linux-gnu-
export CARGO_TARGET_$(shell echo $(TARGET) | tr a-z- A-Z_)_LINKER := $(CROSS)gcc
export CC_$(subst -,_,$(TARGET)) := $(CROSS)gcc
export AR_$(subst -,_,$(TARGET)) := $(CROSS)ar
endif
# No path of this machine is in the binary: the same source makes the same bytes in any directory.
REMAP := $(CURDIR)=/src $(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo
IMAGE_ROOT := target/image/root
DIST := dist
IMAGE_ARCHIVE = $(DIST)/migration-network-webhook-$(VERSION).tar
LABELS := org.opencontainers.image.version=$(VERSION) \
  $(PROJECT:%=org.opencontainers.image.source=%)
BUILD_ARGUMENTS := --platform linux/$(ARCH) $(LABELS:%=--label %) --tag '$(IMAGE)' --file Dockerfile $(dir $(IMAGE_ROOT))

# One static binary, in a target directory of its own: other flags build everything anew.
binary:
	CFLAGS='$(REMAP:%=-ffile-prefix-map=%)' \
	  RUSTFLAGS='-C target-feature=+crt-static $(REMAP:%=--remap-path-prefix=%)' \
	  cargo build --locked --release --target $(TARGET) --target-dir target/static --bin migration-network-webhook

# The image: that binary and the licences of what is in it, from scratch. The Dockerfile only copies.
image: binary
	rm -rf $(IMAGE_ROOT)
	mkdir -p $(IMAGE_ROOT)/usr/local/bin $(IMAGE_ROOT)/usr/share/licenses
	cp target/static/$(TARGET)/release/migration-network-webhook $(IMAGE_ROOT)/usr/local/bin/
	manifests/licences $(TARGET) >$(IMAGE_ROOT)/usr/share/licenses/migration-network-webhook
	chmod -R u=rwX,go=rX $(IMAGE_ROOT)
	find $(IMAGE_ROOT) -exec touch --date=@0 {} +
ifneq ($(findstring buildah,$(BUILD)),)
	$(BUILD) bud --layers=false --timestamp 0 $(BUILD_ARGUMENTS)
else
	SOURCE_DATE_EPOCH=0 $(BUILD) buildx build --output type=docker,rewrite-timestamp=true --provenance=false $(BUILD_ARGUMENTS)
endif

# The image as a file that containerd reads, for clusters that see no registry.
image-archive: image
	mkdir -p $(DIST)
	rm -f $(IMAGE_ARCHIVE)
ifneq ($(findstring buildah,$(BUILD)),)
	$(BUILD) push '$(IMAGE)' 'docker-archive:$(IMAGE_ARCHIVE):$(IMAGE)'
else
	$(BUILD) save --output $(IMAGE_ARCHIVE) '$(IMAGE)'
endif

# The packed chart, and from it plain YAML, the Add-on and the HelmChart, for clusters that see no checkout. Any Helm 3 or 4
# does.
HELM ?= $(or $(shell command -v helm),$(shell tests/e2e/helm/build.sh)/helm4)
dist:
	HELM='$(HELM)' REGISTRY='$(REGISTRY)' DIGEST='$(DIGEST)' manifests/render $(DIST) '$(IMAGE)'

.PHONY: archive sbom release-files release-dry-run

# The binary for people and for krew, and the image, of one architecture.
archive: IMAGE_ARCHIVE = $(DIST)/migration-network-webhook-$(VERSION)-image-$(ARCH).tar
archive: image-archive
	manifests/release archive $(DIST) $(ARCH) target/static/$(TARGET)/release/migration-network-webhook \
	  $(IMAGE_ROOT)/usr/share/licenses/migration-network-webhook

# Every crate that the binary is made of, macros too, build scripts not, as CycloneDX. The tool is compiled once, into the user's cache.
CYCLONEDX_VERSION := 0.5.9
CYCLONEDX := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/migration-network-webhook/cargo-cyclonedx-$(CYCLONEDX_VERSION)
SBOM := migration-network-webhook-$(VERSION).cdx
sbom: $(CYCLONEDX)/bin/cargo-cyclonedx
	mkdir -p $(DIST)
	SOURCE_DATE_EPOCH=0 $(CYCLONEDX)/bin/cargo-cyclonedx cyclonedx --format json --spec-version 1.5 --no-build-deps \
	  --target $(TARGET) --override-filename $(SBOM)
	# No path of this machine is in it either.
	sed 's|path+file://$(CURDIR)|path+file:///src|g' $(SBOM).json >$(DIST)/$(SBOM).json
	rm $(SBOM).json

$(CYCLONEDX)/bin/cargo-cyclonedx:
	cargo install cargo-cyclonedx --version $(CYCLONEDX_VERSION) --locked --root $(CYCLONEDX)

# Everything of a release that is not one architecture's. The archives are in DIST already.
release-files: dist sbom
	manifests/release notes $(DIST)
	# Without an owner under a name that nobody can have.
	manifests/release krew $(DIST) $(or $(PROJECT),https://project.example/migration-network-webhook)
	manifests/release sums $(DIST)

# What the workflow release does, but pushing, signing and provenance. TARGETS="x86_64-unknown-linux-gnu
# aarch64-unknown-linux-gnu" makes both architectures, and needs a cross compiler for the other one.
TARGETS ?= $(TARGET)
release-dry-run:
	rm -rf target/release-dry-run
	for target in $(TARGETS); do \
	  $(MAKE) archive TARGET=$$target DIST=target/release-dry-run || exit 1; \
	done
	$(MAKE) release-files DIST=target/release-dry-run
