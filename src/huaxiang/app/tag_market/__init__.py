"""The tag market 标签市场: all tags of a project with their figures, how they are written, and their life from draft to offline."""
