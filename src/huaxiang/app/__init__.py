"""Use-cases: what the CLI, the API and the web page call."""
