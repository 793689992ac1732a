"""The bundle: a folder of CSV files with all that a billing server begins with.

`import_bundle` (in `load`) is the way in. A file goes through `reader` (strict CSV, cells parsed by
`columns` and `fields`), is kept in `staging` (a private temporary database on disk, so that memory
stays flat), is held against the rest in `catalogue`, `subscribers` and `checks`, and is written by
`write` in one transaction. Whatever is wrong is gathered in `problems`; one problem, and nothing is
written.
"""
