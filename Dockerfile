# The service alone: no torch, no compiler, no pip. The first stage installs, the second is what runs.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv --without-pip /opt/slotline
# What it depends on is a layer of its own, made again only when pyproject.toml changes. EXTRAS=otel brings tracing.
ARG EXTRAS=""
COPY pyproject.toml ./
RUN python -c "import os, tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*project['dependencies'], *sum((project['optional-dependencies'][extra] for extra in os.environ['EXTRAS'].split()), []), sep='\n')" > requirements.txt \
 && pip --python /opt/slotline/bin/python install --requirement requirements.txt \
 && find /opt/slotline -type d -name tests -path '*/site-packages/numpy/*' -prune -exec rm -rf {} +
COPY LICENSE ./
COPY app app
COPY model model
RUN pip --python /opt/slotline/bin/python install --no-deps .

FROM python:3.11-slim
LABEL org.opencontainers.image.title="slotline" \
      org.opencontainers.image.description="Slot filling for booking utterances over HTTP" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
# Byte code is there already, and nothing is ever written: the root file system may be read-only.
# onnxruntime's builds report to their maker unless they are told not to.
ENV PATH=/opt/slotline/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORT_DISABLE_TELEMETRY=1 \
    SLOTLINE_HOST=0.0.0.0 \
    SLOTLINE_PORT=8000 \
    SLOTLINE_LOG_FORMAT=json
COPY --from=build /opt/slotline /opt/slotline
WORKDIR /var/empty
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-I", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['SLOTLINE_PORT']), timeout=2); c.request('GET', '/health/ready'); sys.exit(c.getresponse().status != 200)"]
CMD ["python", "-m", "app"]
