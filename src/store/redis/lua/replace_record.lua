-- Replaces a record of the deployment, if it is the one that was seen.
-- KEYS: the hash of the records
-- ARGV: name, seen, after ('': none), revision (random)
-- Reply: 1; 0: there is another record by now
return replace_record(BASE, name, seen, after, revision) and 1 or 0
