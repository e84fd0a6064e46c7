"""The stages of a build: each plans its steps, none imports another. Their order stands in huaxiang.flow."""
