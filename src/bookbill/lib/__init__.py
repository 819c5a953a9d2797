"""Small helpers without tables: refusals, keys, actors, tenancy, transactions, reactions, strict parsers."""
