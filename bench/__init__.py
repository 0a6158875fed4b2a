"""How fast, how right and how cheap live recognition is: `python -m bench`."""
