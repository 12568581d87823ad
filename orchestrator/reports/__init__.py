"""Reports of what is on record: a model (pure), pictures, pages, and last of all the files."""
