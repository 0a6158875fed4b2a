"""The REST API for programs: `/api/v1/`, described by `docs/openapi.json`, browsable at `/docs`."""
