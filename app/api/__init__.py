"""HTTP: one file per protocol, each a thin mouth over the service."""
