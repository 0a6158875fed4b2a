# syntax=docker/dockerfile:1
FROM node:22-slim AS frontend
WORKDIR /src
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/data
WORKDIR /app
COPY requirements.lock ./
# Pango draws the PDF minutes; the fonts cover Latin, Greek, Cyrillic, Arabic, Hebrew, Indic scripts, Chinese, Japanese, Korean.
RUN apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    fonts-noto-core fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY manage.py ./
COPY config/ config/
COPY meetings/ meetings/
COPY transcription/ transcription/
COPY templates/ templates/
COPY --from=frontend /src/dist frontend/dist
RUN useradd --system --uid 10001 --create-home app && mkdir /data && chown app /data
USER app
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "daphne", "-v", "0", "-b", "0.0.0.0", "-p", "8000", "--proxy-headers", "config.asgi:application"]
