# The mapper of one driver, from the packages in the npm registry; needs no clone:
#   docker build -f published.Dockerfile --build-arg DRIVER=modbus --build-arg VERSION=0.1.0 -t modbus-mapper:0.1.0 .

ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
ARG DRIVER=modbus
ARG VERSION=0.1.0
RUN npm install --omit=dev --omit=optional --ignore-scripts --no-fund \
      "@mapper-sdk/core@$VERSION" "@mapper-sdk/$DRIVER@$VERSION" \
    && rm -rf node_modules/.bin \
    && ln -s "node_modules/@mapper-sdk/$DRIVER/bin/$DRIVER-mapper.js" mapper

FROM ${NODE_IMAGE}
ARG DRIVER=modbus
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="${DRIVER}-mapper" \
      org.opencontainers.image.description="KubeEdge mapper for ${DRIVER} devices" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
# A mapper starts no programs. Without these, whoever gets in finds none to install more with.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* /usr/local/bin/yarn*
WORKDIR /app
COPY --from=build /app /app
# EdgeCore's socket admits root only, so the manifests run it as uid 0 without capabilities. Nothing in
# the image needs that.
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/mapper"]
CMD ["--config-file", "/etc/mapper/config.yaml"]
