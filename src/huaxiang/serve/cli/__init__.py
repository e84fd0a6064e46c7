"""The command line. `main` is the entry point; each module below `commands` is imported only when its command is called."""
