# syntax=docker/dockerfile:1

# Both bases are pinned by digest where it counts: `make image-archive` takes no others. The defaults name tags, for a
# build at home. Both are Debian 12, so that the C library matches.
ARG BUILDER=docker.io/library/rust:1.95-bookworm
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILDER} AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src src
# The configurations as shipped are part of the binary.
COPY manifests/base manifests/base
# The caches are not part of the image: the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin migration-network-webhook \
    && install -D target/release/migration-network-webhook /out/migration-network-webhook

# No shell and no package manager; the C library is all that the binary needs.
FROM ${RUNTIME}
ARG RUNTIME
LABEL org.opencontainers.image.title="migration-network-webhook" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${RUNTIME}"
COPY --from=build /out/migration-network-webhook /usr/local/bin/migration-network-webhook
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/migration-network-webhook"]
