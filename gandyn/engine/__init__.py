"""The integrals of a game: force, values and Jacobian, each with error, convergence and cost."""
