"""Use-cases: one function for each thing a person asks of the product. `wiring` alone constructs engines and stores."""
