"""Plans: pure steps, expressions and conditions; nothing here opens a file, a clock or a connection."""
