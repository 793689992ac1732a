"""Random operators, closed for three months and held against a second opinion on every amount."""
