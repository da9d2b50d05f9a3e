"""The store on one machine: embedded servers, their supervisor, and what bin/demo and bin/test do with them.

Imports no app of the store. Everything it keeps lies in one git-ignored folder, `.storefront/` (state.py).
"""
