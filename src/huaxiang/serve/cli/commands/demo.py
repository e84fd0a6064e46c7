"""`huaxiang demo`."""
