"""The command line: ``clinic``. Each module of this package holds the commands of one noun."""
