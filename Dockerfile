# syntax=docker/dockerfile:1
# Three stages: the daemon is compiled, its production packages are installed, and both are put beside Python.

FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save
COPY tsconfig.json tsconfig.build.json bundle.mjs ./
COPY src src
RUN npm run build

FROM node:20-bookworm-slim AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --omit=dev

FROM node:20-bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv tini \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir grpcio protobuf \
    && useradd --create-home --uid 10001 aiges
ENV PATH=/opt/venv/bin:$PATH NODE_ENV=production

WORKDIR /opt/aiservice
COPY --from=packages /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json aiges.toml.example ./
COPY proto proto
COPY plugins/python plugins/python
COPY examples/mnist examples/mnist
# Who runs here may not write what Python makes of the SDK when it is first imported.
RUN python3 -m compileall -q plugins/python \
    && chmod +x dist/main.js \
    && ln -s /opt/aiservice/dist/main.js /usr/local/bin/aiservice \
    && ln -s /opt/aiservice/dist/main.js /usr/local/bin/AIservice

# A service is a folder with aiges.toml and wrapper/ mounted or copied here; its requirements go into /opt/venv.
WORKDIR /home/aiges
RUN chown aiges:aiges /home/aiges /opt/venv -R
USER aiges
EXPOSE 1888 5090
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:1888/readyz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# tini reaps processes that wrappers leave behind; a daemon that is process 1 itself does that, too, only later.
ENTRYPOINT ["tini", "--", "aiservice"]
CMD ["-m", "0", "-c", "aiges.toml", "-s", "svcName"]
