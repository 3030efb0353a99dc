"""How a tagger is made: data -> network -> artefact. The only package that imports torch."""
