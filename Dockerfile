# The image of the sidecar: Node, the two programs and the licences; no shell and no package manager.
# Both bases may be replaced. The second one needs Node 20.11 or newer at /nodejs/bin/node.
ARG BUILD_BASE=node:24-bookworm-slim
ARG RUNTIME_BASE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${BUILD_BASE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run --silent build

FROM ${RUNTIME_BASE}
LABEL org.opencontainers.image.title="tidegate" \
      org.opencontainers.image.description="Carries a pod's traffic and holds its shutdown until its connections have drained" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
COPY --from=build /build/dist/tidegate.mjs /build/dist/notice.mjs /build/dist/LICENSES.txt /build/LICENSE /tidegate/
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8080 9180
STOPSIGNAL SIGTERM
# Node itself with the flags of the program's shebang: there is no env here to read one.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=1", "/tidegate/tidegate.mjs"]
CMD []
