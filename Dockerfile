# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/headsup
# Dependencies change seldom: their layer is kept while the source changes.
COPY requirements.lock requirements-build.lock ./
RUN /opt/headsup/bin/pip install --require-hashes -r requirements.lock
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY migrations migrations
COPY training training
COPY service service
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && /opt/headsup/bin/pip install --no-deps --no-index /wheel/*.whl

FROM python:3.13-slim
# For `headsup backup` and `headsup restore` of PostgreSQL.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 headsup \
    && useradd --uid 10001 --gid headsup --no-create-home --shell /usr/sbin/nologin headsup \
    && install -d -o headsup -g headsup -m 700 /data
COPY --from=build /opt/headsup /opt/headsup
ENV PATH=/opt/headsup/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HEADSUP_DATA_DIR=/data \
    HEADSUP_HOST=0.0.0.0 \
    HEADSUP_PORT=8000
USER headsup
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['HEADSUP_PORT'] + '/livez', timeout=4)"]
CMD ["headsup", "serve"]
