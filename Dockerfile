# syntax=docker/dockerfile:1
# Copies what `make image` put together: one static binary, and the licences of what is in it. No base, no shell, nothing
# that could be written to.
FROM scratch
LABEL org.opencontainers.image.title="migration-network-webhook" \
      org.opencontainers.image.description="Admission webhook that guards Harvester's vm-migration-network Setting" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY root/ /
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/migration-network-webhook"]
