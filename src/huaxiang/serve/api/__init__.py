"""The REST API: `create_app` in `application.py`; one module of routes for each subject."""
