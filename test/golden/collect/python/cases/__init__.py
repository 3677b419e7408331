"""Tables of failures: name -> (library, expected reason, how to cause it)."""
