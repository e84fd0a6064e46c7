"""Requests and answers of the REST API as pydantic models: what the OpenAPI document says. Answers are those of `--json`."""
