"""One module for each kind of definition: what can be wrong with it beyond its form."""
