# syntax=docker/dockerfile:1

# Both bases are pinned by digest, so that every build has the same; the tag says what that was. Both are Debian 12, so that
# the C library matches. This prints the digest that a tag has now:
#   docker buildx imagetools inspect NAME:TAG --format '{{.Manifest.Digest}}'
ARG BUILDER=docker.io/library/rust:1.95.0-bookworm@sha256:6258907abe69656e41cd992e0b705cdcfabcbbe3db374f92ed2d47121282d4a1
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f

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
