# syntax=docker/dockerfile:1
# Targets: cpu (the default), cuda for transcribers on an NVIDIA GPU, and media for the worker that tells speakers apart.
FROM node:22-slim AS frontend
WORKDIR /src
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.12-slim AS packages
COPY requirements-observability.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-observability.lock

FROM python:3.12-slim AS app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/data
WORKDIR /app
# Pango draws the PDF minutes; the fonts cover Latin, Greek, Cyrillic, Arabic, Hebrew, Indic scripts, Chinese, Japanese, Korean,
# and emoji.
RUN apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home app && mkdir -p /data/static && chown -R app /data
COPY --from=packages /venv /venv
COPY manage.py ./
COPY config/ config/
COPY locale/ locale/
COPY meetings/ meetings/
COPY transcription/ transcription/
COPY templates/ templates/
COPY --from=frontend /src/dist frontend/dist
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "daphne", "-v", "0", "-b", "0.0.0.0", "-p", "8000", "--proxy-headers", "config.asgi:application"]

# CTranslate2 loads cuBLAS and cuDNN; the driver comes from the host by the NVIDIA container toolkit.
FROM app AS cuda
RUN pip install --no-cache-dir "nvidia-cublas-cu12" "nvidia-cudnn-cu12>=9,<10"
ENV LD_LIBRARY_PATH=/venv/lib/python3.12/site-packages/nvidia/cublas/lib:/venv/lib/python3.12/site-packages/nvidia/cudnn/lib
USER app

# The extra [diarization] and its models; torch for the CPU, 1.5 GB.
FROM app AS media
ENV MODEL_DIR=/models PIP_NO_CACHE_DIR=1
COPY pyproject.toml requirements.lock ./
RUN python -m transcription.diarization.install && chown -R app /models
VOLUME /models
USER app

FROM app AS cpu
USER app
