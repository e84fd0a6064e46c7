"""What lies on disk: snapshots, runs, the build lock, and (in `files`, `cleaning`) the readers of source files."""
