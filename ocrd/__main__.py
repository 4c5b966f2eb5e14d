"""Run the command line as ``python -m ocrd``."""

from ocrd.cli import main

if __name__ == "__main__":
    main()
