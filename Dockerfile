# syntax=docker/dockerfile:1

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tools/bundle.mjs tools/
COPY src src/
RUN node tools/bundle.mjs && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="Redstart" \
      org.opencontainers.image.description="A Redis-compatible in-memory data store" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production
RUN mkdir /data && chown node:node /data
COPY --from=build /app/package.json /app/
COPY --from=build /app/node_modules /app/node_modules/
COPY --from=build /app/dist /app/dist/
COPY docker/redstart.conf /etc/redstart/
RUN ln -s /app/dist/cli.js /usr/local/bin/redstart

USER node
WORKDIR /data
VOLUME /data
EXPOSE 6379 9121

# The server saves what is to be saved when it gets this, and then ends.
STOPSIGNAL SIGTERM

# Healthy is who is ready: data may take a while to load, and loading counts as starting.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10m --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9121 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [[ $status == 200 ]]"]

# What follows the name of the image is options, as on the command line: docker run redstart --maxmemory 1gb
ENTRYPOINT ["node", "/app/dist/cli.js", "/etc/redstart/redstart.conf"]
