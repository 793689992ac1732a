"""The demonstration: a believable operator, always the same for a seed and a date.

`people` and `catalogue` invent, `bundle` puts them together as the rows of a bundle, `usage` and
`payments` say what happens in a month, `build` makes the database of it, `place` guards the file.
"""
