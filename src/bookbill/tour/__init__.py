"""A sandbox company with a believable month, to try everything on. It can never mail or charge anyone outside."""
