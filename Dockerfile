# The product and its simulator in one image; PostgreSQL and the broker are images of their own (docker-compose.yml).
FROM node:24-bookworm-slim AS build
WORKDIR /relight
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# The optional packages are a PostgreSQL and a Node for starts without containers.
RUN node scripts/build.js && npm prune --omit=dev --omit=optional

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /relight
COPY package.json ./
COPY --from=build /relight/node_modules ./node_modules
COPY --from=build /relight/dist ./dist
# Schemas and tables are read from where they are committed, between the sources.
COPY schema ./schema
COPY src ./src
COPY simulator ./simulator
# A named volume takes its owner from the folder it is mounted over: node for our data, mosquitto (1883) for its passwords.
RUN install -d -o node -g node /data /guard-socket && install -d -o 1883 -g 1883 /mosquitto/passwords
USER node
EXPOSE 4000
CMD ["node", "dist/src/main.js"]
