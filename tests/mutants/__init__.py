"""Do the tests notice a change? One place of a module is changed, and its own unit tests run.

``python -m tests.mutants`` says which changes no test noticed, for the modules of ``modules.toml``.
Cosmic Ray makes the changes; here they are tried in forks of one process that has the libraries
loaded, which takes a tenth of the time of a new interpreter for each.
"""
