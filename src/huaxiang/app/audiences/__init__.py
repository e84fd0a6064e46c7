"""Audiences over their life: described, compared, explained, kept, uploaded, edited. Selecting one: `huaxiang.app.audience`."""
