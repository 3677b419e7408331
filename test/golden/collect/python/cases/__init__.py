"""Tables of failures: name -> (library, what an operator would say, make it happen)."""
