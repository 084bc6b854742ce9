"""Small faults of the product that the tests must notice; run them with `make mutants`."""
