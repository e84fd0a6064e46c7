"""Event formats of other systems: one pure parser each, for files and for records that arrive by HTTP alike."""
